import { setImmediate } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { explain } from './explanation.js';
import { Exploration, type Explored } from './exploration.js';
import { formatReplay, parseReplay } from './replay.js';
import type { Scenario } from './scenario.js';
import { Stage } from './stage.js';
import { STATES } from './states.js';
import type { Bounds } from './strategies/exhaustive.js';

const TIMEOUT = 600_000;
const SEED = 20_260_101;
/** `npm run test:long` plays all of them. */
const isLong = process.env['LIVINGLOCK_LONG'] !== undefined;
/** The maximum of schedules from each state, and the number of random ones. */
const MOST = isLong ? Number.POSITIVE_INFINITY : 20;
const RANDOM = isLong ? 100 : 3;

const stage = new Stage(4);
const exploration = new Exploration(stage);
let total = 0;

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

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

/** Everything in the test is also in `npm run explore`, which goes further. */
const BOUNDS: readonly { readonly what: string; readonly bounds: Bounds }[] = [
  { what: 'with two preemptions', bounds: { preemptions: 2, faults: 0, waits: 0 } },
  {
    what: 'with a kill or an endless pause anywhere',
    bounds: { preemptions: 0, faults: 1, waits: Number.POSITIVE_INFINITY },
  },
];

describe.each(STATES)('from the state %s', (state) => {
  for (const { what, bounds } of BOUNDS) {
    test(
      `no schedule of two contenders ${what} breaks a rule`,
      async () => {
        const scenario: Scenario = { state, contenders: 2, breakage: '' };
        await expectNoViolation(exploration.exhaust(scenario, bounds), MOST);
      },
      TIMEOUT,
    );
  }

  test.each([3, 4])(
    'no random schedule of %d contenders breaks a rule',
    async (contenders) => {
      const scenario: Scenario = { state, contenders, breakage: '' };
      await expectNoViolation(exploration.wander(scenario, SEED), RANDOM);
    },
    TIMEOUT,
  );
});

test.runIf(isLong)('these were ten thousand schedules', () => {
  expect(total).toBeGreaterThanOrEqual(10_000);
});

/** As they were found; the comments say what was wrong. */
const ONCE_BROKEN = [
  // The fencing token was looked up before the guard was entered.
  'free:3:A1-B30-C30-A4',
  // A contender killed while it swept a living entrant's folder left a folder that names a live process.
  'free:4:A12-B2-A1-t-B13-A1-B1-xB-C53-D36-A14',
  'free:4:D2-C9-A1-C2-t-A11-B7-A4-D1-A1-xA-B46-C8-D42',
];

test.each(ONCE_BROKEN)('the schedule %s, which once broke a rule, breaks none', (word) => {
  const { scenario, actions } = parseReplay(word);
  expect(exploration.replay(scenario, actions).violation).toBeNull();
});

test('a schedule is played the same way again', () => {
  const word = 'dead-guard:2:A20-xA-t-B';
  const { scenario, actions } = parseReplay(`${word}1`);
  const first = exploration.replay(scenario, actions);
  const second = exploration.replay(scenario, first.actions);
  expect(formatReplay(second)).toBe(formatReplay(first));
  expect(formatReplay(first).startsWith(word)).toBe(true);
});
