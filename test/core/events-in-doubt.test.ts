import { beforeEach, describe, expect, it } from 'vitest';
import { acquire, ErrLockLost, ErrLockStore, type Outcome, type Store } from '../../src/index.js';
import { FakeClock, FakeProcessTable, memoryStore } from '../../src/testing/index.js';
import { eventsOf, namesOf, type Published } from '../../support/events.js';
import { HOUR, MINUTE, SECOND } from '../../support/world.js';

describe('the events of a lock whose store does not always answer', () => {
  const NAME = 'nightly';
  let clock: FakeClock;
  let processes: FakeProcessTable;
  let store: Store;
  let events: readonly Published[];
  let isSilent: boolean;
  /** What happens to the next releases, in order; later ones are carried out. */
  let removals: (() => Promise<Outcome>)[];

  beforeEach(() => {
    clock = new FakeClock();
    processes = new FakeProcessTable(clock);
    store = memoryStore({ clock, processes });
    events = eventsOf(NAME);
    isSilent = false;
    removals = [];
  });

  const away = new ErrLockStore(NAME, 'ECONNRESET', 'made up');
  const refused = (): Promise<Outcome> => Promise.reject(away);

  function hold() {
    const reach = async <T>(operate: () => T): Promise<Awaited<T>> => {
      if (isSilent) throw away;
      return await operate();
    };
    const distant: Store = {
      resolve: (name) => store.resolve(name),
      read: (name) => reach(() => store.read(name)),
      claim: (...claim) => reach(() => store.claim(...claim)),
      beat: (...beat) => reach(() => store.beat(...beat)),
      remove: (...removal) => {
        const fail = removals.shift();
        return reach(() => (fail === undefined ? store.remove(...removal) : fail()));
      },
    };
    return acquire(NAME, { store: distant, dependencies: { clock, processes }, heartbeatMinimalInterval: 0 });
  }

  it('say once that it was released, if the first answer was lost', async () => {
    const lock = await hold();
    removals = [refused];
    await lock.release();
    expect(namesOf(events)).toEqual(['acquired', 'released']);
  });

  it('say that it was released only when that is known', async () => {
    const lock = await hold();
    removals = [refused, refused];
    await expect(lock.releaseForGood()).rejects.toBe(away);
    expect(namesOf(events)).toEqual(['acquired']);
    await clock.advance(MINUTE);
    expect(namesOf(events)).toEqual(['acquired', 'released']);
    expect(events[1]).toMatchObject({ held: 30 * SECOND });
  });

  it('say once that it was lost by silence, and nothing when it is taken back later', async () => {
    const lock = await hold();
    isSilent = true;
    await expect(lock.releaseForGood()).rejects.toBe(away);
    await clock.advance(HOUR);
    isSilent = false;
    await clock.advance(HOUR);
    await expect(lock.release()).rejects.toThrow(ErrLockLost);
    expect(namesOf(events)).toEqual(['acquired', 'lost']);
    expect(events[1]).toMatchObject({ held: HOUR, error: { isCertain: false } });
  });

  it('say nothing of an acquisition that fails for another reason', async () => {
    isSilent = true;
    await expect(hold()).rejects.toBe(away);
    expect(events).toEqual([]);
  });
});
