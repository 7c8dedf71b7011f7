import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'vitest';
import { temporaryFolder } from '../../support/machine.js';
import { Desk, PROGRAM } from './desk.js';

/** Writes down the files that Node has loaded by its exit, and the programs that it has started. */
const HOOK = `
const childProcess = require('child_process');
const programs = [];
const { spawn } = childProcess.ChildProcess.prototype;
childProcess.ChildProcess.prototype.spawn = function (options) {
  programs.push(options.file);
  return Reflect.apply(spawn, this, [options]);
};
for (const name of ['spawnSync', 'execFileSync', 'execSync']) {
  const start = childProcess[name];
  childProcess[name] = function (file, ...rest) {
    programs.push(file);
    return Reflect.apply(start, this, [file, ...rest]);
  };
}
process.on('exit', () => {
  const census = { files: Object.keys(require.cache), programs };
  require('fs').writeFileSync(process.env.CENSUS, JSON.stringify(census));
});
`;

export interface Census {
  /** The names of the command's own files that were loaded. */
  readonly files: readonly string[];
  /** What was started, in this order: by its path, or as it was called. */
  readonly programs: readonly string[];
}

/** What `livinglock` loads and starts with these arguments. It must succeed and say nothing. */
export async function censusOf(...args: readonly string[]): Promise<Census> {
  const folder = temporaryFolder();
  const path = join(folder, 'census.json');
  const hook = join(folder, 'hook.cjs');
  writeFileSync(hook, HOOK);
  const env = { NODE_OPTIONS: `--require=${hook}`, CENSUS: path };
  expect(await new Desk().run(args, env)).toMatchObject({ code: 0, stderr: '' });
  const census: Census = JSON.parse(readFileSync(path, 'utf8'));
  const isOurs = (file: string) => dirname(file) === dirname(PROGRAM);
  return { ...census, files: census.files.filter(isOurs).map((file) => basename(file)) };
}
