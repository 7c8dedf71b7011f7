/** The rules that no schedule may break. */
export type Rule =
  /** Nothing that is not livinglock's is changed or removed. */
  | 'not ours'
  /** At most one contender believes that it holds a lock which nobody has legitimately taken from it. */
  | 'one holder'
  /** The lock is taken only from who is dead or has not given a heartbeat for longer than the stale timeout. */
  | 'no robbery'
  /** Nobody changes or removes the record of another, other than by taking over. */
  | 'hands off'
  /** Each fencing token is greater than all before it. */
  | 'fencing'
  /** What a contender is told is true. */
  | 'truth'
  /** No call fails that the schedule has not made fail, and everybody comes to an end. */
  | 'no failure'
  /** In the end someone can acquire. */
  | 'never stuck'
  /** The next takeover from a dead holder clears all litter. */
  | 'no litter';

/** What a schedule has shown to be wrong. */
export class Violation extends Error {
  readonly rule: Rule;

  constructor(rule: Rule, message: string) {
    super(message);
    this.rule = rule;
  }
}
