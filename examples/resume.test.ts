import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/machine.js';

const PROGRAM = fileURLToPath(new URL('../build/examples/resume.js', import.meta.url));

it('loads each page once, although two runs are killed', () => {
  const lock = join(temporaryFolder(), 'resume.lock');
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [PROGRAM, '--lock', lock, ...args], { encoding: 'utf8' });

  const runs = [run('--crash-at', '4'), run('--crash-at', '7'), run()];

  expect(runs.map(({ stdout }) => stdout)).toEqual([
    lines('loads page 1', 'loads page 2', 'loads page 3', 'loads page 4'),
    lines(takeoverAt(4), 'loads page 5', 'loads page 6', 'loads page 7'),
    lines(takeoverAt(7), 'loads page 8', 'loads page 9', 'loads page 10', 'done'),
  ]);
  expect(run().stdout).toMatch(/^loads page 1\n/);
});

function takeoverAt(page: number): string {
  return `the last run is dead (its process no longer exists); ${page} of 10 pages are done`;
}

function lines(...all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
