import { readdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { Eyes, sightOf } from './lock-file.js';
import { Stage } from './stage.js';
import { type State, States } from './states.js';

const stage = new Stage(1);
const states = new States(stage);

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

/** Kinds of files that a killed process can leave, by their paths in the folder of the lock. */
const KINDS = {
  lock: /^job\.lock$/,
  'sign of a holder': /^job\.lock\.life\.[^/]+$/,
  'owner in the guard': /^job\.lock\.guard\/[^/]+,/,
  'sign in the guard': /^job\.lock\.guard\/[^/]+\.life$/,
  'record in the guard': /^job\.lock\.guard\/[^/]+\.record\b/,
  'owner of an entrance': /^job\.lock\.guard\.[\da-f-]+\/[^/]+,/,
  'sign in an entrance': /^job\.lock\.guard\.[\da-f-]+\/[^/]+\.life$/,
};

test.each<{ state: State; kinds: readonly string[] }>([
  { state: 'free', kinds: [] },
  { state: 'containers', kinds: [] },
  { state: 'dead-holder', kinds: ['lock'] },
  { state: 'dead-container', kinds: ['lock', 'sign of a holder'] },
  {
    state: 'dead-guard',
    kinds: ['lock', 'owner in the guard', 'sign in the guard', 'record in the guard', 'owner of an entrance'],
  },
  { state: 'dead-container-guard', kinds: Object.keys(KINDS) },
])('the state $state begins with what killed processes have left', ({ state, kinds }) => {
  states.arrange(state, '');
  const paths = readdirSync(stage.folder, { recursive: true }).map(String);
  const found = Object.entries(KINDS).filter(([, kind]) =>
    paths.some((path) => isLibrarys(path) && kind.test(path)),
  );

  expect(found.map(([name]) => name)).toEqual(kinds);
});

test.each<State>(['dead-holder', 'dead-container', 'dead-guard', 'dead-container-guard'])(
  'in the state %s the holder is dead, and its heartbeat is fresh',
  (state) => {
    states.arrange(state, '');
    const { record } = sightOf(new Eyes(stage.path).look());

    expect(stage.world.isAlive(record?.pid ?? 0)).toBe(false);
    expect(record?.beatAt).toBe(stage.world.elapsed);
  },
);

/** Not of a user; see `strangers.ts`. */
function isLibrarys(path: string): boolean {
  return !path.includes('00009999');
}
