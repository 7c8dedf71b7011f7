import { type Reason, ScheduleError } from '../../schedule/schedule-error.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

const EXIT_CODES: Readonly<Record<Reason, number>> = {
  refused: ExitCode.usage,
  absent: ExitCode.notFound,
  failed: ExitCode.store,
  changed: ExitCode.busy,
};

/** Gives a job that cannot be scheduled the command's exit code for it. */
export async function withExitCodes<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    throw new CliError(EXIT_CODES[error.reason], error.message, { cause: error });
  }
}
