import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { LockRecord, Store } from '../../../src/index.js';
import { memoryStore, type StoreUnderTest, storeCases, testStore } from '../../../src/testing/index.js';

type Breakage = (store: Store) => Partial<Store>;

/** A store that is right but for what the breakage replaces. */
function broken(breakage: Breakage): Store {
  const store = memoryStore();
  const right: Store = {
    resolve: (name) => store.resolve(name),
    read: (name) => store.read(name),
    claim: (name, claim, over) => store.claim(name, claim, over),
    beat: (name, token, beat) => store.beat(name, token, beat),
    remove: (name, token, hold) => store.remove(name, token, hold),
    names: () => store.names?.() ?? [],
  };
  return { ...right, ...breakage(store) };
}

/** The rules that a store breaks. */
async function findings(makeStore: () => StoreUnderTest): Promise<string[]> {
  const found: string[] = [];
  await Promise.all(storeCases(makeStore).map(({ name, run }) => run().catch(() => found.push(name))));
  return found;
}

/** What stands there, whoever holds it. */
async function recordIn(store: Store, name: string): Promise<LockRecord | null> {
  return (await store.read(name))?.record ?? null;
}

/** Each with a rule that must find it. Others may as well. */
const BREAKAGES: readonly (readonly [what: string, rule: string, Breakage])[] = [
  [
    'creates where somebody holds the lock',
    'creates where nothing is, once',
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
    'does not replace what is gone',
    (store) => ({
      claim: async (name, claim, over) =>
        store.claim(name, claim, (await store.read(name)) === null ? undefined : over),
    }),
  ],
  [
    'has the token for a version',
    'has another version after each heartbeat, also after many at once',
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
    'beats for anybody',
    'beats for the token that holds the lock, and for no other',
    (store) => ({
      beat: async (name, _token, beat) => store.beat(name, (await recordIn(store, name))?.token ?? '', beat),
    }),
  ],
  [
    'releases for anybody',
    'does not remove for a holder that was taken over',
    (store) => ({
      remove: async (name) => store.remove(name, (await recordIn(store, name))?.token ?? ''),
    }),
  ],
  [
    'does not say who holds the lock now',
    'does not beat for a holder that was taken over',
    (store) => ({
      beat: async (name, token, beat) => {
        const outcome = await store.beat(name, token, beat);
        return outcome.done ? outcome : { done: false, found: null };
      },
    }),
  ],
  [
    'says that it has released, and has not',
    'gives a lock that was released to the next',
    (store) => ({
      remove: async (name, token) => {
        const record = await recordIn(store, name);
        return record?.token === token ? { done: true, record } : { done: false, found: record };
      },
    }),
  ],
  [
    'does not know of locks that are held on after their release',
    'keeps the record of a lock that was released early',
    (store) => ({ remove: (name, token) => store.remove(name, token) }),
  ],
  [
    'beats what was released',
    'does not beat for a holder that has released early',
    (store) => ({
      beat: async (name, token, beat) => {
        const record = await recordIn(store, name);
        return record?.token === token ? { done: true, record } : store.beat(name, token, beat);
      },
    }),
  ],
  [
    'does not know its own early release again',
    'releases early again for a holder that has not heard the answer, and for nobody else',
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
    'keeps what has run until the lock counts as free',
    'keeps nothing of the work of a lock that was released early',
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
    'keeps what has run in the row of a lock that is free',
    'keeps nothing of the work of a lock that was released',
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
    'lists a lock that was released',
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
    'forgets the workers at a heartbeat without any',
    'keeps what a heartbeat leaves out',
    (store) => ({
      beat: (name, token, beat) => store.beat(name, token, { ...beat, workers: beat.workers ?? [] }),
    }),
  ],
  [
    'loses the workers of a claim',
    'keeps all that a claim says',
    (store) => ({ claim: (name, claim, over) => store.claim(name, { ...claim, workers: [] }, over) }),
  ],
  [
    'gives a lock that is kept after its release to nobody',
    'is given to the same owner again, who is sticky, and to nobody else',
    (store) => ({
      claim: async (name, claim, over) => {
        const found = (await store.read(name))?.record ?? null;
        const isKept = over !== undefined && (found?.hold ?? null) !== null;
        return isKept ? { done: false, found } : store.claim(name, claim, over);
      },
    }),
  ],
  [
    'lets everybody take over what counts as held after its release',
    'is given to one of two sticky contenders of the same owner',
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
    'is given to the same owner again, who is sticky, and to nobody else',
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
    'writes an endless timeout as JSON does',
    'keeps a stale timeout that is endless, tiny or huge',
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
    'lets a heartbeat grow old, from the last one on',
    (store) => ({
      read: async (name) => {
        const stored = await store.read(name);
        return stored && { ...stored, age: 0 };
      },
    }),
  ],
  [
    'ages from the acquisition on',
    'lets a heartbeat grow old, from the last one on',
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
    'gives a greater fencing token also after releases, whichever client asks',
    () => forgetful(),
  ],
  [
    'hands on the fencing token of the holder before',
    'gives each who takes over a greater fencing token',
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
    'reads, and then writes, as if nobody else did',
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
    'looks whose the lock is, and then writes a heartbeat over whatever is there',
    'lets either the holder beat or another take over, never both',
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
    'holds a lock of any name or refuses the name, and takes none for another',
    (store) => ({ resolve: (name) => store.resolve(name.split('\0')[0] ?? '') }),
  ],
  [
    'cuts a name',
    'holds a lock of any name or refuses the name, and takes none for another',
    (store) => ({ resolve: (name) => store.resolve(Buffer.from(name).subarray(0, 255).toString()) }),
  ],
  ['takes an empty name', 'refuses an empty name', () => ({ resolve: (name) => name })],
  [
    'takes all holders for those of an earlier boot',
    'is busy while its holder lives, whichever client asks',
    (store) => ({
      read: async (name) => {
        const stored = await store.read(name);
        return stored && { ...stored, provenance: 'earlier-boot' };
      },
    }),
  ],
  [
    'takes all holders for those of this machine',
    'is taken at once from a holder that is dead',
    (store) => ({
      read: async (name) => {
        const stored = await store.read(name);
        const record = stored?.record;
        return stored && record ? { ...stored, record: { ...record, process: nameless(record) } } : stored;
      },
    }),
  ],
];

/** Starts anew with each lock that is released. */
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
  it('finds nothing in a store that is right', async () => {
    expect(await findings(() => ({ store: broken(() => ({})) }))).toEqual([]);
  });

  it.concurrent.each(BREAKAGES)('finds a store that %s', async (_what, rule, breakage) => {
    expect(await findings(() => ({ store: broken(breakage) }))).toContain(rule);
  });

  it('finds clients that do not see the same locks', async () => {
    const found = await findings(() => ({ store: memoryStore(), another: () => memoryStore() }));
    expect(found).toContain('finds the same under each of its clients');
    expect(found).toContain('lets exactly one of many create the lock');
  });

  it('closes what it was given, also when the store fails', async () => {
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

  it('takes any functions that define tests, and says so where it finds none', async () => {
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
