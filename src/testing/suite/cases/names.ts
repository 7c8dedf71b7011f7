import assert from 'node:assert/strict';
import { LivingLockError } from '../../../core/errors.js';
import type { Rules, Stage } from '../stage.js';

const LONG = 'x'.repeat(255);

/** All different, but some are the same to a store that cuts, folds, escapes or replaces characters. */
const WORDS = [
  "it's",
  "it''s",
  '"quoted"',
  'quoted',
  'a; DROP TABLE locks; --',
  'a',
  '%',
  '_',
  'back\\slash',
  'back\\\\slash',
  '$1 ?1 :a {b}',
  'line\nline',
  'line line',
  'NUL',
  'NUL\0',
  'NUL\0more',
  '日本語',
  '😀',
  '😁',
  'half \ud83d',
  'half \ud83e',
  `${LONG}a`,
  `${LONG}b`,
  `${'é'.repeat(200)}a`,
  `${'é'.repeat(200)}b`,
];

/** The names that locks can have. */
export const names: Rules = {
  async 'refuses an empty name'({ store }) {
    assert.throws(() => store.resolve(''), TypeError);
  },

  async 'accepts its own canonical names'({ store, name }) {
    assert.equal(store.resolve(name), name);
  },

  async 'are listed as long as there is a record, if the store lists names'(stage) {
    const { store, name } = stage;
    const isListed = async () => (await store.names?.())?.includes(name) ?? null;
    if ((await isListed()) === null) return;
    assert.equal(await isListed(), false, 'A lock that nobody ever held is listed.');
    const holder = await stage.holder();
    assert.equal(await isListed(), true, 'A lock that is held is not listed.');
    await stage.remove(holder.token);
    assert.equal(await isListed(), false, 'A lock that was released is listed.');
    const names = (await store.names?.()) ?? [];
    assert.deepEqual(names, names.toSorted(), 'The names are not in alphabetical order.');
  },

  async 'holds a lock of any name or refuses the name, and never confuses two names'(stage) {
    const holders = new Map<string, string>();
    // All begin alike, and no other test uses these.
    const prefix = `${stage.claim().token} `;
    for (const word of WORDS) {
      const name = resolved(stage, prefix + word);
      if (name === null) continue;
      const claim = stage.claim();
      const before = await unlessRefused(async () => stage.store.read(name));
      if (before === undefined) continue;
      assert.equal(before, null, `The lock ${JSON.stringify(word)} was held before anybody claimed it.`);
      const outcome = await unlessRefused(async () => stage.store.claim(name, claim));
      if (outcome?.done === true) holders.set(name, claim.token);
      else assert.equal(outcome, undefined, `The lock ${JSON.stringify(word)} could not be claimed.`);
    }
    for (const [name, token] of holders) {
      assert.equal(
        (await stage.find(name)).record.token,
        token,
        `${JSON.stringify(name)} belongs to another lock.`,
      );
    }
    assert.ok(holders.size >= 5, 'The store refuses nearly all names.');
  },
};

function resolved(stage: Stage, word: string): string | null {
  try {
    return stage.resolve(word);
  } catch (error) {
    assert.ok(
      error instanceof TypeError,
      `${JSON.stringify(word)} was refused with ${error}, not with a TypeError.`,
    );
    return null;
  }
}

/** Some names may be refused only in use, for example by a file system. */
async function unlessRefused<T>(use: () => Promise<T>): Promise<T | undefined> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof LivingLockError) return undefined;
    throw error;
  }
}
