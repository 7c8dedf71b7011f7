import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../machine.js';
import { poll } from '../running.js';

/** What the commands of one page find: a home folder, and `livinglock` on the PATH. */
export interface Sandbox {
  readonly home: string;
  readonly locks: string;
  readonly env: NodeJS.ProcessEnv;
}

export function makeSandbox(programs: string): Sandbox {
  const home = temporaryFolder();
  const locks = join(home, 'locks');
  mkdirSync(locks);
  const env = {
    PATH: [programs, home, process.env['PATH']].join(delimiter),
    HOME: home,
    LANG: 'C.UTF-8',
    LIVINGLOCK_DIR: locks,
  };
  return { home, locks, env };
}

/** Runs a script of the shell. What it starts in the background ends with the test. */
export function prepare(script: string, { home, env }: Sandbox): Promise<void> {
  const child = spawn('sh', ['-e', '-c', script], { cwd: home, env, detached: true, stdio: 'ignore' });
  // SIGTERM, so that a run ends its command too.
  onTestFinished(async () => {
    const { pid } = child;
    // A group of 0 would be that of this process.
    if (pid === undefined) return;
    signalGroup(pid, 'SIGTERM');
    await poll('What was started in the background does not end', () => !signalGroup(pid, 0));
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`The preparation failed with ${code}: ${script}`)),
    );
  });
}

/** Whether anything is left in the group. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

/** What a terminal shows for these commands, without a terminal's colours. */
export function typed(commands: readonly string[], { home, env }: Sandbox): string {
  const script = commands.map(
    (command) => `printf '%s\\n' '$ ${command.replaceAll("'", `'\\''`)}'; (exit $last)\n${command}\nlast=$?`,
  );
  const { stdout } = spawnSync('sh', ['-c', `exec 2>&1; last=0\n${script.join('\n')}`], {
    cwd: home,
    env,
    encoding: 'utf8',
    timeout: 30_000,
  });
  return stdout;
}

const DURATION = /\b\d+(?:\.\d+)? ?(?:ms|s|m|h|d|milliseconds?|seconds?|minutes?|hours?|days?)\b/g;

/** Without what differs from run to run: times, durations, numbers of processes, the host, the folder. */
export function normalized(text: string, { home, locks }: Sandbox): string {
  return text
    .replaceAll(locks, '/run/livinglock')
    .replaceAll(home, '/srv/shop')
    .replaceAll(hostname(), 'db-1')
    .replaceAll(`user="${userInfo().username}"`, 'user="batch"')
    .replaceAll(/\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:\d\d)?/g, '<time>')
    .replaceAll(/\b\d\d:\d\d:\d\d\b/g, '<time>')
    .replaceAll(/(?<=\bsince |\brun \()(?:\w+day )?\d\d:\d\d\b/g, '<time>')
    .replaceAll(DURATION, '<duration>')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}(?:\.[0-9a-f]{8})?/g, '<uuid>')
    .replaceAll(/\b(PID|group|pid) +\d+/g, '$1 <n>')
    .replaceAll(/\b(live|stalled|dead|cooldown) +\d+/g, '$1 <n>')
    .replaceAll(/\b(?:\d{10,}(?:\.\d+)?|\d+\.\d{1,3}$)/gm, '<n>')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/ $/gm, '')
    .trimEnd();
}
