import type { ChildProcess } from 'node:child_process';
import type { RunOutcome } from '../../history/index.js';
import { ExitCode } from '../errors/exit-codes.js';
import type { WriteFailure } from './output/pass-output.js';
import type { Reason } from './processes/end-command.js';
import { statusOf } from './processes/pass-signals.js';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How a run ended, as far as its command goes. */
export interface RunEnd {
  readonly outcome: RunOutcome;
  /** The signal that ended the command, or that arrived before it could begin. */
  readonly signal: NodeJS.Signals | null;
  /** More about the outcome, in words. */
  readonly reason?: string;
  /** Whether some of its output could not be passed on. */
  readonly isOutputLost?: boolean;
}

/** The command has not begun yet. */
export const NOT_STARTED = { outcome: 'not-started', signal: null } as const satisfies RunEnd;

/**
 * Resolves when the process has ended. On Windows, cross-spawn reports the exit status 1 of what it could not find as an error, and a process that
 * cannot be ended is an error, too.
 */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', () => {
      const { exitCode: code, signalCode: signal } = child;
      if (code !== null || signal !== null) resolve({ code, signal });
    });
  });
}

/**
 * The runner's exit code, and what the history says of a command that has run: `reason` says why the runner ended it, if it did, and `failures` why
 * its output could not be passed on.
 */
export function judgeExit(
  reason: Reason | null,
  exit: Exit,
  failures: readonly WriteFailure[],
): { readonly status: number; readonly outcome: RunOutcome } {
  if (reason !== null)
    return { status: reason === 'lost' ? ExitCode.lost : ExitCode.timeout, outcome: reason };
  const status = failures.includes('failed') ? ExitCode.output : ownStatus(exit, failures.length > 0);
  if (exit.signal !== null) return { status, outcome: 'ended-by-signal' };
  return { status, outcome: status === 0 ? 'succeeded' : 'failed' };
}

/** A command whose last write went unread has not succeeded: without the runner, SIGPIPE would have ended it. */
function ownStatus({ code, signal }: Exit, isUnread: boolean): number {
  const status = code ?? statusOf(signal);
  return status === 0 && isUnread ? statusOf('SIGPIPE') : status;
}
