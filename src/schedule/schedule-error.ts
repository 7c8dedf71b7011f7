import { messageOf } from '../system/message-of.js';

/**
 * Why something cannot be scheduled.
 *
 * - `refused`: not as it was asked for.
 * - `absent`: the scheduler's program is not there.
 * - `failed`: a file or a program of the scheduler's could not be used.
 * - `changed`: somebody else has changed the schedule meanwhile.
 */
export type Reason = 'refused' | 'absent' | 'failed' | 'changed';

/** Says in its message what to do. */
export class ScheduleError extends Error {
  override name = 'ScheduleError';
  readonly reason: Reason;

  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Does something with files. Rejects with a `ScheduleError` that says what was attempted, such as `change /etc/crontab`. */
export async function orFailed<Result>(attempted: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw new ScheduleError('failed', `Cannot ${attempted}: ${messageOf(error)}`, { cause: error });
  }
}
