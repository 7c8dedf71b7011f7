/** What a contender reports when it has stopped. */
export interface Report {
  /** The calls that it has made since, in order. */
  readonly steps: readonly Step[];
  /** The call before which it has stopped, with its parameters. */
  readonly next: string;
}

/** A call and its result. */
export interface Step {
  /** Empty: it has only begun. */
  readonly call: string;
  /** `ok`, or an error's code. */
  readonly outcome: string;
  /** What the library told the contender before its next call, in order; see `event.ts`. */
  readonly told: readonly string[];
  /** What lay at the lock's path right after the call; `null`: nothing. */
  readonly lock: string | null;
  /** On the monotonic clock, right after the call. */
  readonly at: number;
}

// The separators of ASCII, which occur neither in paths nor in records.
const STEPS = '\u001e';
const FIELDS = '\u001f';
const EVENTS = '\u001d';
/** Stands for a missing text, because a text may be empty. */
const NOTHING = '\u0000';

export function formatReport({ steps, next }: Report): string {
  return [next, ...steps.map(formatStep)].join(STEPS);
}

export function parseReport(text: string): Report {
  const [next = '', ...steps] = text.split(STEPS);
  return { steps: steps.map(parseStep), next };
}

function formatStep({ call, outcome, told, lock, at }: Step): string {
  return [call, outcome, told.join(EVENTS), lock ?? NOTHING, at].join(FIELDS);
}

function parseStep(text: string): Step {
  const [call = '', outcome = '', told = '', lock = '', at = ''] = text.split(FIELDS);
  return {
    call,
    outcome,
    told: told === '' ? [] : told.split(EVENTS),
    lock: lock === NOTHING ? null : lock,
    at: Number(at),
  };
}
