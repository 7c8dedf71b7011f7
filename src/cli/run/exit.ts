import type { ChildProcess } from 'node:child_process';
import { ExitCode } from '../errors/exit-codes.js';
import type { Reason } from './ending.js';
import type { WriteFailure } from './pass-on.js';
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

/**
 * What we exit with after it: `reason` says why it was ended, if it did not end by itself, and `failures` why its output could not be passed on.
 */
export function statusAfter(reason: Reason | null, exit: Exit, failures: readonly WriteFailure[]): number {
  switch (reason) {
    case 'lost':
      return ExitCode.lost;
    case 'stalled':
    case 'timeout':
      return ExitCode.timeout;
    case null:
      return failures.includes('failed') ? ExitCode.output : ownStatus(exit, failures.length > 0);
  }
}

/** A command that has written its last before it could see that nobody reads has not succeeded. Without us the signal would have ended it. */
function ownStatus({ code, signal }: Exit, isUnread: boolean): number {
  const status = code ?? statusOf(signal);
  return status === 0 && isUnread ? statusOf('SIGPIPE') : status;
}
