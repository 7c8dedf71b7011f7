/** The rules that no schedule may break. */
export type Rule =
  /** Nothing that does not belong to livinglock is changed or removed. */
  | 'not ours'
  /** At most one contender believes that it holds a lock which nobody has legitimately taken from it. */
  | 'one holder'
  /** The lock is taken only from a holder that is dead, or has sent no heartbeat for longer than the stale timeout. */
  | 'no robbery'
  /** Nobody changes or removes another's record, other than by taking over. */
  | 'hands off'
  /** Each fencing token is greater than all before it. */
  | 'fencing'
  /** What a contender is told is true. */
  | 'truth'
  /** No call fails unless the schedule makes it fail, and every contender comes to an end. */
  | 'no failure'
  /** In the end someone can acquire. */
  | 'never stuck'
  /** The next takeover from a dead holder clears all litter. */
  | 'no litter';

/** The rule that a schedule has broken. */
export class Violation extends Error {
  readonly rule: Rule;

  constructor(rule: Rule, message: string) {
    super(message);
    this.rule = rule;
  }
}
