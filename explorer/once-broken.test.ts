import { afterAll, expect, test } from 'vitest';
import { Exploration } from './exploration.js';
import { formatReplay, parseReplay } from './replay.js';
import { Stage } from './stage.js';

const stage = new Stage(4);
const exploration = new Exploration(stage);

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

/** As they were found; the comments say what was wrong. */
const ONCE_BROKEN = [
  // The fencing token was looked up before the guard was entered.
  'free:3:A1-B30-C30-A4',
  // A contender killed while it swept a living entrant's folder left a folder that names a live process.
  'free:4:A12-B2-A1-t-B13-A1-B1-xB-C53-D36-A14',
  'free:4:D2-C9-A1-C2-t-A11-B7-A4-D1-A1-xA-B46-C8-D42',
  // A contender killed while it left the guard, or took it from a dead one, left an owner without its sign of life.
  'containers:2:A50-B48-xB',
  'dead-container-guard:2:A46-xA',
  // A holder's sign was asked when its successor had swept it.
  'dead-container:4:A5-C21-t-C8-A2',
];

test.each(ONCE_BROKEN)('the schedule %s, which once broke a rule, breaks none', (word) => {
  const { scenario, actions } = parseReplay(word);
  expect(exploration.replay(scenario, actions).violation).toBeNull();
});

/** Any schedule that breaks a rule with the breakage would do; `breakages.test.ts` looks for them. */
test.each([
  ['containers:2:B13-A9-B4-A40:claims-before-it-listens', 'no robbery'],
  ['containers:2:A50-B11-xB:claims-before-it-keeps', 'never stuck'],
])('the schedule %s breaks the rule "%s"', (word, rule) => {
  const { scenario, actions } = parseReplay(word);
  expect(exploration.replay(scenario, actions).violation?.rule).toBe(rule);
});

test('a schedule is played the same way again', () => {
  const word = 'dead-guard:2:A20-xA-t-B';
  const { scenario, actions } = parseReplay(`${word}1`);
  const first = exploration.replay(scenario, actions);
  const second = exploration.replay(scenario, first.actions);
  expect(formatReplay(second)).toBe(formatReplay(first));
  expect(formatReplay(first).startsWith(word)).toBe(true);
});
