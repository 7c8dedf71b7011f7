import type { Exploration, Explored } from './exploration.js';
import type { Scenario } from './scenario.js';
import { STATES } from './states.js';
import type { Wish } from './wish.js';

/** Schedules of one kind. */
export interface Phase {
  readonly phase: string;
  /** How many schedules it may have. */
  readonly share: number;
  readonly explorations: Iterable<Explored>;
}

/** Half of the schedules are all those of two contenders. The other half, and what those leave over, are random. */
export function* phases(exploration: Exploration, wish: Wish): Generator<Phase> {
  const { schedules, seed, contenders, bounds, breakage } = wish;
  for (const state of contenders === null ? STATES : []) {
    yield {
      phase: `schedules of two within the bounds, ${state}`,
      share: schedules / 2 / STATES.length,
      explorations: exploration.exhaust({ state, contenders: 2, breakage }, bounds),
    };
  }
  // Long enough for each turn to be worth it, short enough for every turn to come.
  const turn = Math.max(100, schedules / 100);
  for (let round = 0; ; round++) {
    for (const scenario of crowds(contenders, breakage)) {
      yield {
        phase: `random schedules of ${scenario.contenders}, ${scenario.state}`,
        share: turn,
        explorations: exploration.wander(scenario, seed + round * schedules),
      };
    }
  }
}

function crowds(contenders: number | null, breakage: string): Scenario[] {
  const sizes = contenders === null ? [3, 4] : [contenders];
  return sizes.flatMap((size) => STATES.map((state): Scenario => ({ state, contenders: size, breakage })));
}
