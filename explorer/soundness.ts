import { setImmediate } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { explain } from './explanation.js';
import { Exploration, type Explored } from './exploration.js';
import type { Scenario } from './scenario.js';
import { Stage } from './stage.js';
import type { State } from './states.js';
import type { Bounds } from './strategies/exhaustive.js';

const TIMEOUT = 600_000;
const SEED = 20_260_101;
/** The number of random schedules from each state. */
const RANDOM = 100;

/** How many schedules begin in the states of one file, at least. */
const LEAST = 5_000;

/** Everything in the test is also in `npm run explore`, which goes further. */
function boundsIn(state: State): readonly { readonly what: string; readonly bounds: Bounds }[] {
  // Signs of life take many calls: with two, tens of thousands of schedules begin there.
  const preemptions = ['dead-container', 'dead-container-guard', 'stalled-container'].includes(state) ? 1 : 2;
  return [
    { what: `with preemptions: ${preemptions}`, bounds: { preemptions, faults: 0, waits: 0 } },
    {
      what: 'with a kill or an endless pause anywhere',
      bounds: { preemptions: 0, faults: 1, waits: Number.POSITIVE_INFINITY },
    },
  ];
}

/** Tests that no schedule from these states breaks a rule. Each file tests some of the states, because one file runs on one processor. */
export function testSchedulesFrom(states: readonly State[]): void {
  const stage = new Stage(4);
  const exploration = new Exploration(stage);
  let total = 0;

  afterAll(() => stage[Symbol.asyncDispose]());

  /** Throws with the first schedule that breaks a rule, as a table. */
  async function expectNoViolation(
    explored: Iterable<Explored>,
    most = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    let count = 0;
    for (const { schedules, failing } of explored) {
      count += schedules;
      if (failing !== null) throw new Error(explain(failing, exploration));
      if (count >= most) break;
      // Lets the test runner see that the test is alive.
      if (count % 100 === 0) await setImmediate();
    }
    total += count;
  }

  describe.each(states)('from the state %s', (state) => {
    test.each(boundsIn(state))(
      'no schedule of two contenders $what breaks a rule',
      async ({ bounds }) => {
        const scenario: Scenario = { state, contenders: 2, breakage: '' };
        await expectNoViolation(exploration.exhaust(scenario, bounds));
      },
      TIMEOUT,
    );

    test.each([3, 4])(
      'no random schedule of %d contenders breaks a rule',
      async (contenders) => {
        const scenario: Scenario = { state, contenders, breakage: '' };
        await expectNoViolation(exploration.wander(scenario, SEED), RANDOM);
      },
      TIMEOUT,
    );
  });

  test(`these were ${LEAST} schedules`, () => {
    expect(total).toBeGreaterThanOrEqual(LEAST);
  });
}
