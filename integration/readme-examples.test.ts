import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isPosix } from '../support/machine.js';
import { CRON_PATH, findForCron } from '../support/running.js';
import { Desk } from './support/desk.js';

// The jobs that the README shows, exactly as printed, under cron's PATH.

const LANGUAGES = [
  { language: 'sh', interpreter: 'sh', given: 'pg_dump() { :; }', beaten: { ratio: null, note: 'prices' } },
  {
    language: 'python',
    interpreter: 'python3',
    given: 'chunks = ["a", "b"]\ndef load(chunk): pass',
    beaten: { ratio: 1, note: null },
  },
  {
    language: 'php',
    interpreter: 'php',
    given: '<?php $chunks = ["a", "b"]; function load($chunk) {}',
    beaten: { ratio: 1, note: null },
  },
  {
    language: 'ruby',
    interpreter: 'ruby',
    given: 'chunks = ["a", "b"]\ndef load_chunk(chunk) = nil',
    beaten: { ratio: 1, note: null },
  },
];

for (const { language, interpreter, given, beaten } of LANGUAGES) {
  const program = isPosix ? findForCron(interpreter) : null;
  describe.skipIf(program === null)(`the example in ${language}`, () => {
    test('keeps its lock, and reports its progress', async () => {
      const { code, stdout, stderr } = await runExample('"$@" && cat "$LIVINGLOCK_PATH"');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ progress: beaten });
    });

    test('stops at once with status 76 when the lock is lost', async () => {
      const { code, stderr } = await runExample('LIVINGLOCK_TOKEN=of-another "$@"');
      expect(code).toBe(76);
      expect(stderr.match(/was lost/g)).toHaveLength(1);
    });

    function runExample(script: string) {
      const desk = new Desk();
      const file = join(desk.folder, 'script');
      writeFileSync(file, `${given}\n${exampleIn('README.md', language)}`);
      return desk.run(
        [
          ...['run', '--heartbeat', 'manual', '--heartbeat-interval', '1ms', 'job'],
          ...['--', 'sh', '-c', script, 'sh', program ?? '', file],
        ],
        { PATH: CRON_PATH },
      );
    }
  });

  test(`the example in ${language} is the same in Japanese`, () => {
    expect(codeOf(exampleIn('README.ja.md', language))).toBe(codeOf(exampleIn('README.md', language)));
  });
}

/** The only example in that language that sends heartbeats. */
function exampleIn(file: string, language: string): string {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  const examples = blocks.flatMap(([, name, code = '']) =>
    name === language && code.includes('LIVINGLOCK') && code.includes('beat') ? [code] : [],
  );
  expect(examples).toHaveLength(1);
  return examples[0] ?? '';
}

/** Without the first line, a comment. */
function codeOf(example: string): string {
  return example.slice(example.indexOf('\n'));
}
