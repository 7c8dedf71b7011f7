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
