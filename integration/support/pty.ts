import type { ChildProcess } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import type { Home } from './command.js';

/** Whether there is script(1) of util-linux, by which a program gets a terminal. */
export const canHaveTerminal =
  process.platform === 'linux' && spawnSync('script', ['--version'], { stdio: 'ignore' }).status === 0;

/** Starts a line of sh on a terminal of that size. What is written to its stdin is typed. */
export function startOnTerminal(
  home: Home,
  line: string,
  { columns = 80, rows = 24, env = {} }: { columns?: number; rows?: number; env?: NodeJS.ProcessEnv } = {},
): ChildProcess {
  const script = `stty cols ${columns} rows ${rows}; ${line}`;
  return home.startProgram('script', ['-qefc', script, '/dev/null'], { SHELL: '/bin/sh', ...env });
}
