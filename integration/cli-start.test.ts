import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { isPosix, temporaryFolder } from '../support/machine.js';
import { Desk, PROGRAM } from './support/desk.js';

// cron starts `livinglock run` every minute. Finding and compiling files takes most of a start, so this counts the loaded files.

/** Writes down the files that Node has loaded by its exit. */
const CENSUS =
  'process.on("exit", () => require("fs").writeFileSync(process.env.CENSUS, JSON.stringify(Object.keys(require.cache))));';

test.skipIf(!isPosix)('a run loads four files, however its options are written', async () => {
  const files = await loadedBy('run', '--wait', '1s', '-q', 'job', '--', 'true');
  expect(files.length).toBeLessThanOrEqual(4);
  expect(await loadedBy('run', '-qw1s', 'job', '--', 'true')).toEqual(files);
});

/** The files of the command that are loaded with these arguments. */
async function loadedBy(...args: readonly string[]): Promise<string[]> {
  const folder = temporaryFolder();
  const census = join(folder, 'census.json');
  const hook = join(folder, 'hook.cjs');
  writeFileSync(hook, CENSUS);
  const env = { NODE_OPTIONS: `--require=${hook}`, CENSUS: census };
  expect(await new Desk().run(args, env)).toMatchObject({ code: 0, stderr: '' });
  const files: readonly string[] = JSON.parse(readFileSync(census, 'utf8'));
  return files.filter((file) => dirname(file) === dirname(PROGRAM)).map((file) => basename(file));
}
