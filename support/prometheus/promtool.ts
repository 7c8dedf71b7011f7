import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { has } from '../running.js';

// promtool of Prometheus, which reads what Prometheus reads.

export const hasPromtool = has('promtool');

/** What `promtool check metrics` complains of: it reads the older text format, as the textfile collector does, and knows the conventions. */
export function complaintsAboutMetrics(text: string): string {
  return run(['check', 'metrics'], text);
}

/** What promtool complains of when it reads the text as OpenMetrics. It does so only with a time behind each value. */
export function complaintsAboutOpenMetrics(text: string): string {
  const timed = text.replaceAll(/^([^#\n].*)$/gm, '$1 1795685650');
  return withFile('metrics.txt', timed, (file, folder) =>
    run(['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', file, join(folder, 'blocks')]),
  );
}

/** What `promtool check rules` complains of. */
export function complaintsAboutRules(yaml: string): string {
  return withFile('rules.yml', yaml, (file) => run(['check', 'rules', file]));
}

/** What `promtool test rules` complains of. */
export function complaintsOfRuleTests(rules: string, tests: string): string {
  return withFile('rules.yml', rules, (_file, folder) => {
    writeFileSync(join(folder, 'tests.yml'), tests);
    return run(['test', 'rules', join(folder, 'tests.yml')]);
  });
}

function run(args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  // It lints without failing.
  return status === 0 ? stderr : `exit status ${status}: ${stdout}${stderr}`;
}

function withFile(name: string, text: string, use: (file: string, folder: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'livinglock-promtool-'));
  try {
    const file = join(folder, name);
    writeFileSync(file, text);
    return use(file, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
