import { spawnSync } from 'node:child_process';
import type { Running } from '../../support/running.js';
import type { Desk } from './desk.js';

/** Whether there is script(1) of util-linux, which gives a program a terminal. */
export const canHaveTerminal =
  process.platform === 'linux' && spawnSync('script', ['--version'], { stdio: 'ignore' }).status === 0;

/** Starts a line of a shell on a terminal of that size. Writing to it means typing. */
export function startOnTerminal(
  desk: Desk,
  line: string,
  { columns = 80, rows = 24, env = {} }: { columns?: number; rows?: number; env?: NodeJS.ProcessEnv } = {},
): Running {
  const script = `stty cols ${columns} rows ${rows}; ${line}`;
  return desk.startProgram('script', ['-qefc', script, '/dev/null'], { SHELL: '/bin/sh', ...env });
}
