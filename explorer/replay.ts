import { BREAKAGES } from '../support/breakages/index.js';
import type { Performance } from './performance.js';
import type { Scenario } from './scenario.js';
import { type Action, formatSchedule, LETTERS, parseSchedule } from './schedule.js';
import { STATES } from './states.js';

/** What to play again. */
export interface Replay {
  readonly scenario: Scenario;
  readonly actions: readonly Action[];
}

/** A schedule with everything needed to play it again, as one word: `free:2:A4-B30-A1`, with a breakage as a fourth part. */
export function formatReplay({ scenario, actions }: Performance): string {
  const { state, contenders, breakage } = scenario;
  return [state, contenders, formatSchedule(actions), ...(breakage === '' ? [] : [breakage])].join(':');
}

/** Throws a `RangeError` for anything that {@link formatReplay} would never return. */
export function parseReplay(text: string): Replay {
  const [name, count, schedule = '', breakage = ''] = text.split(':');
  const state = STATES.find((known) => known === name);
  const contenders = Number(count);
  if (state === undefined) throw new RangeError(`A schedule begins with one of ${STATES.join(', ')}.`);
  if (!(contenders >= 2 && contenders <= LETTERS.length)) {
    throw new RangeError(`There are from 2 to ${LETTERS.length} contenders, but not ${count}.`);
  }
  if (breakage !== '' && !BREAKAGES.includes(breakage)) {
    throw new RangeError(`What can be broken is ${BREAKAGES.join(', ')}, but not ${breakage}.`);
  }
  return { scenario: { state, contenders, breakage }, actions: parseSchedule(schedule) };
}
