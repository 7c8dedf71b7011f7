import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { LockRecord, Store } from '../../../src/index.js';
import { memoryStore, type StoreUnderTest, storeCases, testStore } from '../../../src/testing/index.js';

type Breakage = (store: Store) => Partial<Store>;

/** A store that is correct except for what the breakage replaces. */
function broken(breakage: Breakage): Store {
  const store = memoryStore();
  return { ...store, ...breakage(store) };
}

/** The rules that a store breaks. */
async function findings(makeStore: () => StoreUnderTest): Promise<string[]> {
  const found: string[] = [];
  await Promise.all(storeCases(makeStore).map(({ name, run }) => run().catch(() => found.push(name))));
  return found;
}

/** The record in the store, whoever holds the lock. */
async function recordIn(store: Store, name: string): Promise<LockRecord | null> {
  return (await store.read(name))?.record ?? null;
}

/** Each with a rule that must find it. Other rules may find it, too. */
const BREAKAGES: readonly (readonly [what: string, rule: string, Breakage])[] = [
  [
    'creates where somebody holds the lock',
    'creates a lock once',
    (store) => ({
      claim: async (name, claim, over) => store.claim(name, claim, over ?? (await store.read(name))?.version),
    }),
  ],
  [
    'takes over whatever is there',
    'replaces exactly the version that is named',
    (store) => ({
      claim: async (name, claim, over) =>
        store.claim(name, claim, over === undefined ? undefined : (await store.read(name))?.version),
    }),
  ],
  [
    'creates what it was to replace',
    'does not replace a lock that is gone',
    (store) => ({
      claim: async (name, claim, over) =>
        store.claim(name, claim, (await store.read(name)) === null ? undefined : over),
    }),
  ],
  [
    'uses the token as the version',
    'has another version after each heartbeat, even after many at once',
    (store) => {
      const versionFrom = async (name: string, token: string | undefined) => {
        const stored = await store.read(name);
        return stored?.record?.token === token ? stored?.version : token;
      };
      return {
        read: async (name) => {
          const stored = await store.read(name);
          return stored && { ...stored, version: stored.record?.token ?? '' };
        },
        claim: async (name, claim, over) => store.claim(name, claim, await versionFrom(name, over)),
      };
    },
  ],
  [
    'renews the heartbeat for anybody',
    'renews the heartbeat of the token that holds the lock, and of no other',
    (store) => ({
      beat: async (name, _token, beat) => store.beat(name, (await recordIn(store, name))?.token ?? '', beat),
    }),
  ],
  [
    'releases for anybody',
    'does not release for a holder that was taken over',
    (store) => ({
      remove: async (name) => store.remove(name, (await recordIn(store, name))?.token ?? ''),
    }),
  ],
  [
    'does not say who holds the lock now',
    'does not renew the heartbeat of a holder that was taken over',
    (store) => ({
      beat: async (name, token, beat) => {
        const outcome = await store.beat(name, token, beat);
        return outcome.done ? outcome : { done: false, found: null };
      },
    }),
  ],
  [
    'reports a release that it did not make',
    'gives a released lock to the next contender',
    (store) => ({
      remove: async (name, token) => {
        const record = await recordIn(store, name);
        return record?.token === token ? { done: true, record } : { done: false, found: record };
      },
    }),
  ],
  [
    'does not support locks that stay held after their release',
    'keeps the record of a lock that was released early',
    (store) => ({ remove: (name, token) => store.remove(name, token) }),
  ],
  [
    'renews the heartbeat of a released lock',
    'does not renew the heartbeat of a holder that has released early',
    (store) => ({
      beat: async (name, token, beat) => {
        const record = await recordIn(store, name);
        return record?.token === token ? { done: true, record } : store.beat(name, token, beat);
      },
    }),
  ],
  [
    'does not recognize its own early release',
    'repeats an early release for a holder that did not get the answer, and for nobody else',
    (store) => ({
      remove: async (name, token, hold) => {
        const record = await recordIn(store, name);
        return (record?.hold ?? null) === null
          ? store.remove(name, token, hold)
          : { done: false, found: record };
      },
    }),
  ],
  [
    'keeps the command until the lock counts as free',
    'keeps nothing about the work of a lock that was released early',
    (store) => {
      let command: string | null = null;
      return {
        remove: async (name, token, hold) => {
          command ??= (await recordIn(store, name))?.command ?? null;
          return store.remove(name, token, hold);
        },
        read: async (name) => {
          const stored = await store.read(name);
          const record = stored?.record;
          return stored && record && record.hold !== null
            ? { ...stored, record: { ...record, command } }
            : stored;
        },
      };
    },
  ],
  [
    'keeps the command in the row of a free lock',
    'keeps nothing about the work of a released lock',
    (store) => {
      const released = new Map<string, LockRecord>();
      return {
        remove: async (name, token, hold) => {
          const record = released.get(token) ?? (await recordIn(store, name));
          const outcome = await store.remove(name, token, hold);
          if (outcome.done && record !== null) released.set(token, record);
          return record?.token === token ? { done: true, record } : outcome;
        },
      };
    },
  ],
  [
    'lists a released lock',
    'are listed as long as there is a record, if the store lists names',
    (store) => {
      const known = new Set<string>();
      return {
        claim: (name, claim, over) => {
          known.add(name);
          return store.claim(name, claim, over);
        },
        names: () => [...known].sort(),
      };
    },
  ],
  [
    'forgets the progress at a heartbeat without one',
    'keeps what a heartbeat leaves out',
    (store) => ({
      beat: (name, token, beat) =>
        store.beat(name, token, { ...beat, progress: beat.progress ?? { ratio: null, note: null } }),
    }),
  ],
  [
    'returns no progress at a heartbeat that it has stored',
    'replaces the progress and the workers that a heartbeat names',
    (store) => ({
      beat: async (name, token, beat) => {
        const outcome = await store.beat(name, token, beat);
        return outcome.done ? { ...outcome, record: { ...outcome.record, progress: null } } : outcome;
      },
    }),
  ],
  [
    'forgets the workers at a heartbeat without any',
    'keeps what a heartbeat leaves out',
    (store) => ({
      beat: (name, token, beat) => store.beat(name, token, { ...beat, workers: beat.workers ?? [] }),
    }),
  ],
  [
    'loses the workers of a claim',
    'keeps everything that a claim says',
    (store) => ({ claim: (name, claim, over) => store.claim(name, { ...claim, workers: [] }, over) }),
  ],
  [
    'gives a lock that stays held after its release to nobody',
    'is given again to the same sticky owner, and to nobody else',
    (store) => ({
      claim: async (name, claim, over) => {
        const found = (await store.read(name))?.record ?? null;
        const isKept = over !== undefined && (found?.hold ?? null) !== null;
        return isKept ? { done: false, found } : store.claim(name, claim, over);
      },
    }),
  ],
  [
    'lets anybody take over a lock that stays held after its release',
    'is given to only one of two sticky contenders of the same owner',
    (store) => {
      const released = new Map<string, string>();
      return {
        read: async (name) => {
          const stored = await store.read(name);
          if (stored !== null && (stored.record?.hold ?? null) !== null) released.set(name, stored.version);
          return stored;
        },
        claim: async (name, claim, over) => {
          const outcome = await store.claim(name, claim, over);
          const wasReleased = over !== undefined && over === released.get(name);
          if (outcome.done || !wasReleased) return outcome;
          return store.claim(name, claim, (await store.read(name))?.version);
        },
      };
    },
  ],
  [
    'forgets the owner at an early release',
    'is given again to the same sticky owner, and to nobody else',
    (store) => ({
      read: async (name) => {
        const stored = await store.read(name);
        const { record = null } = stored ?? {};
        return stored && record !== null && record.hold !== null
          ? { ...stored, record: { ...record, owner: null } }
          : stored;
      },
    }),
  ],
  [
    'writes an infinite timeout as JSON does',
    'keeps a stale timeout that is infinite, tiny or huge',
    (store) => ({
      claim: (name, claim, over) => {
        const { staleTimeout }: { staleTimeout: number | null } = JSON.parse(JSON.stringify(claim));
        return store.claim(name, { ...claim, staleTimeout: staleTimeout ?? 0 }, over);
      },
    }),
  ],
  [
    'ends a text at a NUL',
    'keeps texts of any characters',
    (store) => ({
      claim: (name, claim, over) =>
        store.claim(name, { ...claim, command: claim.command?.split('\0')[0] ?? null }, over),
    }),
  ],
  [
    'ages in seconds',
    'counts in milliseconds, as this process does',
    (store) => ({
      read: async (name) => {
        const stored = await store.read(name);
        return stored && { ...stored, age: stored.age / 1000 };
      },
    }),
  ],
  [
    'does not age',
    'lets a heartbeat age, counted from the last one',
    (store) => ({
      read: async (name) => {
        const stored = await store.read(name);
        return stored && { ...stored, age: 0 };
      },
    }),
  ],
  [
    'counts the age from the acquisition',
    'lets a heartbeat age, counted from the last one',
    (store) => {
      const since = new Map<string | null, number>();
      return {
        read: async (name) => {
          const stored = await store.read(name);
          const token = stored?.record?.token ?? null;
          if (!since.has(token)) since.set(token, performance.now());
          return stored && { ...stored, age: performance.now() - (since.get(token) ?? 0) };
        },
      };
    },
  ],
  [
    'counts fencing tokens from one after each release',
    'gives a greater fencing token after releases too, whichever client asks',
    () => forgetful(),
  ],
  [
    'passes on the fencing token of the previous holder',
    'gives each takeover a greater fencing token',
    (store) => ({
      claim: async (name, claim, over) => {
        const fencingToken = (await recordIn(store, name))?.fencingToken;
        const outcome = await store.claim(name, claim, over);
        return outcome.done
          ? { done: true, record: { ...outcome.record, fencingToken: fencingToken ?? 1 } }
          : outcome;
      },
    }),
  ],
  [
    'reads and then writes, without a check in between',
    'lets exactly one of many take over',
    (store) => ({
      claim: async (name, claim, over) => {
        const found = await store.read(name);
        if (found?.version !== over) return { done: false, found: found?.record ?? null };
        await setImmediate();
        return store.claim(name, claim, (await store.read(name))?.version);
      },
    }),
  ],
  [
    'checks who holds the lock, and then writes a heartbeat over whatever is there',
    'lets either the holder send a heartbeat or another take over, never both',
    (store) => ({
      beat: async (name, token, beat) => {
        const found = await recordIn(store, name);
        if (found?.token !== token) return { done: false, found };
        await setImmediate();
        return store.beat(name, (await recordIn(store, name))?.token ?? '', beat);
      },
    }),
  ],
  [
    'ends a name at a NUL',
    'holds a lock of any name or refuses the name, and never confuses two names',
    (store) => ({ resolve: (name) => store.resolve(name.split('\0')[0] ?? '') }),
  ],
  [
    'cuts a name',
    'holds a lock of any name or refuses the name, and never confuses two names',
    (store) => ({ resolve: (name) => store.resolve(Buffer.from(name).subarray(0, 255).toString()) }),
  ],
  ['accepts an empty name', 'refuses an empty name', () => ({ resolve: (name) => name })],
  [
    'takes all holders for processes of an earlier boot',
    'is busy while its holder is alive, whichever client asks',
    (store) => ({
      read: async (name) => {
        const stored = await store.read(name);
        return stored && { ...stored, provenance: 'earlier-boot' };
      },
    }),
  ],
  [
    'takes all holders for processes of this machine',
    'is taken over at once from a dead holder',
    (store) => ({
      read: async (name) => {
        const stored = await store.read(name);
        const record = stored?.record;
        return stored && record ? { ...stored, record: { ...record, process: nameless(record) } } : stored;
      },
    }),
  ],
];

/** Starts over with each lock that is released. */
function forgetful(): Store {
  let store = memoryStore();
  return {
    resolve: (name) => store.resolve(name),
    read: (name) => store.read(name),
    claim: (name, claim, over) => store.claim(name, claim, over),
    beat: (name, token, beat) => store.beat(name, token, beat),
    remove: async (name, token) => {
      const outcome = await store.remove(name, token);
      if (outcome.done) store = memoryStore();
      return outcome;
    },
  };
}

function nameless({ process }: LockRecord): LockRecord['process'] {
  return { ...process, hostname: null, bootId: null, pidNamespace: null };
}

describe('the conformance suite', () => {
  it('finds nothing wrong with a correct store', async () => {
    expect(await findings(() => ({ store: broken(() => ({})) }))).toEqual([]);
  });

  it.concurrent.each(BREAKAGES)('finds a store that %s', async (_what, rule, breakage) => {
    expect(await findings(() => ({ store: broken(breakage) }))).toContain(rule);
  });

  it('finds clients that do not see the same locks', async () => {
    const found = await findings(() => ({ store: memoryStore(), another: () => memoryStore() }));
    expect(found).toContain('finds the same lock with each of its clients');
    expect(found).toContain('lets exactly one of many create the lock');
  });

  it('closes what it was given, even if the store fails', async () => {
    let open = 0;
    const found = await findings(() => {
      open += 1;
      return {
        store: broken(() => ({
          read: () => {
            throw new Error('gone');
          },
        })),
        close: () => {
          open -= 1;
        },
      };
    });
    expect(found).not.toEqual([]);
    expect(open).toBe(0);
  });

  it('accepts any functions that define tests, and throws without them', async () => {
    const defined: string[] = [];
    testStore('a store', () => ({ store: memoryStore() }), {
      describe: (name, define) => {
        defined.push(name);
        define();
      },
      it: (name) => defined.push(name),
    });
    const names = storeCases(() => ({ store: memoryStore() })).map(({ name }) => name);
    expect(defined).toEqual(['a store', ...names]);
    expect(new Set(names).size).toBe(names.length);
    expect(() => testStore('a store', () => ({ store: memoryStore() }))).toThrow(
      /testStore\(name, makeStore, \{ describe, it \}\)/,
    );
  });
});
