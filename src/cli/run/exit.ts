import type { ChildProcess } from 'node:child_process';
import { ExitCode } from '../exit-codes.js';
import type { Reason } from './ending.js';
import { statusOf } from './signals.js';

/** How a process has ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Resolves when it has. */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** What we exit with after it: `reason` says why it was ended, if it did not end by itself. */
export function statusAfter(
  reason: Reason | null,
  code: number | null,
  signal: NodeJS.Signals | null,
): number {
  switch (reason) {
    case 'lost':
      return ExitCode.lost;
    case 'stalled':
    case 'timeout':
      return ExitCode.timeout;
    case null:
      return code ?? statusOf(signal);
  }
}
