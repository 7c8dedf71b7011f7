import { beforeEach, describe, expect, it } from 'vitest';
import { Claims } from '../../../src/core/acquire/claims-in-doubt.js';
import { CallLimit } from '../../../src/core/calls/call-limit.js';
import { ErrLockStore } from '../../../src/core/errors.js';
import { ErrLockBusy, ErrNotALock, type Store } from '../../../src/index.js';
import { FakeClock, FakeProcessTable, memoryStore } from '../../../src/testing/index.js';
import { HOUR, MINUTE, someRecord } from '../../../support/world.js';

const NAME = 'nightly';

describe('claims', () => {
  let clock: FakeClock;
  let processes: FakeProcessTable;
  let store: Store;

  beforeEach(() => {
    clock = new FakeClock();
    processes = new FakeProcessTable(clock);
    store = memoryStore({ clock, processes });
  });

  function claimsOf(changes: Partial<Store> = {}, table = processes.as(processes.own)): Claims {
    const changed: Store = {
      resolve: (name) => store.resolve(name),
      read: (name) => store.read(name),
      claim: (...claim) => store.claim(...claim),
      beat: (...beat) => store.beat(...beat),
      remove: (...removal) => store.remove(...removal),
      ...changes,
    };
    return new Claims({
      name: NAME,
      store: changed,
      clock,
      processes: table,
      reader: changed,
      limit: new CallLimit(undefined),
    });
  }

  function claim(token: string) {
    const process = processes.self();
    return {
      token,
      process,
      workers: [],
      staleTimeout: HOUR,
      command: null,
      user: null,
      cwd: null,
      owner: null,
    };
  }

  const failingWith = (error: Error) => claimsOf({ claim: () => Promise.reject(error) });

  it.each([
    new ErrLockBusy(NAME, null, 0, 'made up'),
    new ErrNotALock(NAME, 'made up'),
    new ErrLockStore(NAME, 'EIO', 'made up', { isInDoubt: false }),
  ])('that were certainly not carried out are looked for by nobody: $name', async (error) => {
    await expect(failingWith(error).send(claim, undefined)).rejects.toBe(error);
    expect(clock.sleeping).toBe(0);
  });

  it.each(['ETIMEDOUT', 'EACCES', 'EPERM', 'EROFS'])('are not sent again after %s', async (code) => {
    const error = new ErrLockStore(NAME, code, 'made up', { isInDoubt: true });
    await expect(failingWith(error).send(claim, undefined)).rejects.toBe(error);
    expect(clock.sleeping).toBe(1);
  });

  it('are sent once more after anything else', async () => {
    for (const error of [new Error('made up'), new ErrLockStore(NAME, 'EIO', 'x', { isInDoubt: true })]) {
      const claims = failingWith(error);
      expect(await claims.send(claim, undefined)).toBeNull();
      await expect(claims.send(claim, undefined)).rejects.toBe(error);
    }
  });

  it('in doubt are known to all calls of their process, and to no other process', () => {
    claimsOf().doubt('in doubt');
    const record = someRecord({ token: 'in doubt' });
    expect(claimsOf().replacedBy(record)).not.toBeNull();
    expect(claimsOf({}, processes.as(processes.start())).replacedBy(record)).toBeNull();
    expect(claimsOf().replacedBy(someRecord({ token: null }))).toBeNull();
    expect(claimsOf().replacedBy(null)).toBeNull();
  });

  it('in doubt are remembered, a thousand of them', () => {
    const claims = claimsOf();
    const isKnown = () => claims.replacedBy(someRecord({ token: 'doubt 1' })) !== null;
    for (let number = 1; number <= 1000; number++) claims.doubt(`doubt ${number}`);
    expect(isKnown()).toBe(true);
    claims.doubt('doubt 1001');
    expect(isKnown()).toBe(false);
  });

  it('in doubt are not taken back where somebody else holds the lock', async () => {
    let removals = 0;
    await store.claim(NAME, claim('other'));
    claimsOf({
      remove: (...removal) => {
        removals += 1;
        return store.remove(...removal);
      },
    }).doubt('mine');
    await clock.advance(MINUTE);
    expect(removals).toBe(0);
  });

  it('in doubt are checked up to a number, however many there are', async () => {
    let reads = 0;
    const claims = claimsOf({
      read: (name) => {
        reads += 1;
        return store.read(name);
      },
    });
    for (let sent = 0; sent < 1200; sent++) claims.doubt(`claim ${sent}`);
    await clock.advance(MINUTE);
    expect(reads).toBe(2 * 1000);
  });
});
