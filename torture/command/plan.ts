import type { CommandSettings } from '../protocol.js';
import type { Random } from '../random.js';

/** The parts of a run: the runner, the command's first process, and the child of that. */
export type Part = 'runner' | 'leader' | 'child';

/** What is done to one run. */
export interface Strike {
  /** For the report. */
  readonly name: string;
  readonly signal: 'SIGKILL' | 'SIGTERM' | 'SIGALRM';
  readonly parts: readonly Part[];
  /**
   * `launch`: from outside, at a random time after the runner started. `start`: by the command itself, as its first act, when its group may not
   * be in the record yet. `work`: from outside, at a random time after the command started.
   */
  readonly when: 'launch' | 'start' | 'work';
}

const KILLS: readonly (readonly Part[])[] = [
  ['runner'],
  ['leader'],
  ['runner', 'leader'],
  ['child'],
  ['runner', 'child'],
  ['runner', 'leader', 'child'],
];

const STRIKES: readonly Strike[] = [
  strike('SIGKILL', ['runner'], 'launch'),
  ...KILLS.slice(0, 3).map((parts) => strike('SIGKILL', parts, 'start')),
  ...KILLS.map((parts) => strike('SIGKILL', parts, 'work')),
  strike('SIGTERM', ['runner'], 'work'),
  strike('SIGALRM', ['runner'], 'work'),
];

const LEAST_WORK = 10;
const MOST_WORK = 200;
/** Milliseconds; long enough for Node to start. */
const LATEST_STRIKE = 300;

/** How one run of `livinglock run` is to go. Times are milliseconds. */
export interface Plan extends Omit<CommandSettings, 'witness'> {
  /** How long the runner waits if the lock is busy. */
  readonly wait: number;
  readonly strike: Strike | null;
  readonly delay: number;
}

export function drawPlan(random: Random): Plan {
  const work = () => LEAST_WORK + random.next() * (MOST_WORK - LEAST_WORK);
  return {
    wait: random.below(4) === 0 ? 0 : 500,
    work: { leader: work(), child: work() },
    childIgnoresSignals: random.below(2) === 0,
    strike: random.below(4) === 0 ? null : (STRIKES[random.below(STRIKES.length)] ?? null),
    delay: random.next() * LATEST_STRIKE,
  };
}

function strike(signal: Strike['signal'], parts: readonly Part[], when: Strike['when']): Strike {
  return { name: `${signal} to the ${parts.join(' and the ')} (${when})`, signal, parts, when };
}
