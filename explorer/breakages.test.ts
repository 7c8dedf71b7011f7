import { setImmediate } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { BREAKAGES } from '../support/breakages/index.js';
import { explain } from './explanation.js';
import { Exploration, type Explored } from './exploration.js';
import type { Performance } from './performance.js';
import { parseReplay } from './replay.js';
import type { Scenario } from './scenario.js';
import { Stage } from './stage.js';
import type { State } from './states.js';
import type { Bounds } from './strategies/exhaustive.js';
import type { Rule } from './violation.js';

// An explorer that finds nothing may be blind. Each of these breaks the library on purpose, and must be found.

const TIMEOUT = 600_000;
/** Any seed would do. With this one, breakages that only random schedules find are found within the first few hundred. */
const SEED = 12;
const MOST_SCHEDULES = 10_000;

const stage = new Stage(2);
const exploration = new Exploration(stage);

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

interface Expectation {
  readonly breakage: string;
  readonly state: State;
  /** The bounds within which all schedules are played; `null`: random ones, because the breakage needs more preemptions than that. */
  readonly bounds: Bounds | null;
  /** The rule that must be found broken; other rules may break before. */
  readonly rule: Rule;
}

/** A kill or a pause at the worst moment reveals nearly all breakages. */
const ONE_FAULT: Bounds = { preemptions: 0, faults: 1, waits: 3 };
const ALONE: Bounds = { preemptions: 0, faults: 0, waits: 0 };
const ONE_PREEMPTION: Bounds = { preemptions: 1, faults: 0, waits: 0 };

const EXPECTATIONS: readonly Expectation[] = [
  { breakage: 'plain-proper-lockfile', state: 'dead-guard', bounds: null, rule: 'no robbery' },
  { breakage: 'open-and-write', state: 'free', bounds: ONE_FAULT, rule: 'truth' },
  { breakage: 'unguarded-creation', state: 'free', bounds: ONE_PREEMPTION, rule: 'fencing' },
  { breakage: 'unchecked-remove', state: 'stalled-holder', bounds: null, rule: 'hands off' },
  { breakage: 'no-guard', state: 'free', bounds: ONE_FAULT, rule: 'hands off' },
  { breakage: 'nameless-theft', state: 'dead-guard', bounds: null, rule: 'no robbery' },
  { breakage: 'stale-guard', state: 'free', bounds: null, rule: 'hands off' },
  { breakage: 'followed-link', state: 'dead-guard', bounds: ALONE, rule: 'not ours' },
  { breakage: 'swept-neighbours', state: 'dead-guard', bounds: ALONE, rule: 'not ours' },
  { breakage: 'staged-beside', state: 'dead-guard', bounds: ALONE, rule: 'not ours' },
  { breakage: 'unread-content', state: 'foreign-file', bounds: ONE_FAULT, rule: 'not ours' },
  { breakage: 'endless-guard', state: 'future-guard', bounds: ALONE, rule: 'truth' },
  { breakage: 'claims-before-it-listens', state: 'containers', bounds: null, rule: 'no robbery' },
  { breakage: 'claims-before-it-keeps', state: 'containers', bounds: ONE_FAULT, rule: 'never stuck' },
];

async function find(explored: Iterable<Explored>, rule: Rule): Promise<Performance | null> {
  let count = 0;
  for (const { schedules, failing } of explored) {
    count += schedules;
    if (failing?.violation?.rule === rule) return failing;
    if (count >= MOST_SCHEDULES) return null;
    await setImmediate();
  }
  return null;
}

test.each(EXPECTATIONS)(
  'finds $breakage, which breaks the rule "$rule"',
  async ({ breakage, state, bounds, rule }) => {
    const scenario: Scenario = { state, contenders: 2, breakage };
    const explored =
      bounds === null ? exploration.wander(scenario, SEED, rule) : exploration.exhaust(scenario, bounds);
    const found = await find(explored, rule);
    expect(found?.violation?.rule).toBe(rule);
    // The same schedule breaks no rule if nothing is broken on purpose.
    expect(exploration.replay({ ...scenario, breakage: '' }, found?.actions ?? []).violation).toBeNull();
  },
  TIMEOUT,
);

test('a failing schedule is explained step by step, with the command that plays it again', () => {
  const { scenario, actions } = parseReplay('free:2:A15-t-B38-A4:no-guard');
  const explanation = explain(exploration.replay(scenario, actions), exploration);
  expect(explanation).toMatch(/^step +who +call +outcome +the lock file then names +was told$/m);
  expect(explanation).toMatch(/^1 +A +lstat job\.lock +ok +-$/m);
  expect(explanation).toMatch(/^\d+ +A +rename job\.lock\.A#4\.record -> job\.lock +ok +A, token \d+$/m);
  expect(explanation).toContain('Broken: hands off. A has put its record back, which was taken.');
  expect(explanation).toContain("npm run explore -- --replay 'free:2:A15-t-B38-A4:no-guard'");
});

test('the explanation names signs of life after their holders', () => {
  const { scenario, actions } = parseReplay('containers:2:A12');
  const explanation = explain(exploration.replay(scenario, actions), exploration);
  expect(explanation).toMatch(/ link job\.lock\.guard\/A#2\.0\.life -> job\.lock\.life\.A#1\.0\.0 /);
});

test('there is a test for every breakage', () => {
  expect(EXPECTATIONS.map(({ breakage }) => breakage)).toEqual(BREAKAGES);
});
