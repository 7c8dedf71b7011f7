import { messageOf } from '../system/message-of.js';

/**
 * Why something cannot be scheduled.
 *
 * - `refused`: the scheduler cannot do what was asked for.
 * - `absent`: the scheduler's program is missing.
 * - `failed`: a file or program of the scheduler could not be used.
 * - `changed`: someone else changed the schedule meanwhile.
 */
export type Reason = 'refused' | 'absent' | 'failed' | 'changed';

/** Its message says what to do. */
export class ScheduleError extends Error {
  override name = 'ScheduleError';
  readonly reason: Reason;

  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** For what the scheduler cannot do. */
export function refused(message: string): ScheduleError {
  return new ScheduleError('refused', message);
}

/** For what is in the place of one of our files. */
export function notOurs(path: string): ScheduleError {
  return new ScheduleError(
    'failed',
    `${path} does not look like what livinglock writes, so it is left alone. Move it away, or give the job another --name.`,
  );
}

/** Runs an operation on files. Rejects with a `ScheduleError` that says what was attempted, such as `change /etc/crontab`. */
export async function orFailed<Result>(attempted: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ScheduleError) throw error;
    throw new ScheduleError('failed', `Cannot ${attempted}: ${messageOf(error)}`, { cause: error });
  }
}
