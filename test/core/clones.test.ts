import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { provenanceInDatabase } from '../../src/core/assess/provenance.js';
import { acquire, ErrLockBusy, ErrTerminationFailed, inspect, type Store } from '../../src/index.js';
import { fileStore } from '../../src/stores/file/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { FakeClock, FakeProcessTable, memoryStore } from '../../src/testing/index.js';
import { HOUR, MINUTE, someIdentity, someRecord, World } from '../../support/world.js';

// Two machines that were started from one snapshot of a running one have the same boot id, and may use the same database.

it.each([
  { hostname: 'db-1', provenance: 'this-boot' },
  { hostname: 'db-2', provenance: 'unknown' },
  { hostname: null, provenance: 'unknown' },
])(
  'a record with the same boot id, of the host $hostname, is of: $provenance',
  ({ hostname, provenance }) => {
    const record = someRecord({ process: someIdentity({ hostname }) });
    expect(provenanceInDatabase(record, someIdentity())).toBe(provenance);
    const nameless = someIdentity({ hostname: null });
    expect(provenanceInDatabase(record, nameless)).toBe('unknown');
  },
);

describe.each([
  { name: 'in memory', open: memoryStore },
  {
    name: 'in SQLite',
    open: (dependencies: Parameters<typeof memoryStore>[0]) => {
      const database = new DatabaseSync(':memory:');
      onTestFinished(() => database.close());
      return sqliteStore(database, dependencies);
    },
  },
])('a holder on a clone of this machine, $name', ({ open }) => {
  const clock = new FakeClock();

  /** A lock whose holder has a PID that no process has here. */
  async function heldByClone() {
    const processes = new FakeProcessTable(clock);
    const store: Store = open({ clock, processes });
    const options = { store, dependencies: { clock, processes } };
    const clone = processes.start({ hostname: 'clone-2' });
    await acquire('nightly', { store, dependencies: { clock, processes: processes.as(clone) } });
    return { clone, processes, options };
  }

  it('is busy until it is stale, and then taken over', async () => {
    const { clone, options } = await heldByClone();
    clone.kill();
    await clock.advance(HOUR - MINUTE);
    expect(await inspect('nightly', options)).toMatchObject({
      state: 'live',
      reason: expect.stringContaining('its process cannot be checked from here'),
    });
    await expect(acquire('nightly', options)).rejects.toThrow(ErrLockBusy);
    await clock.advance(2 * MINUTE);
    expect(await inspect('nightly', options)).toMatchObject({ state: 'stalled' });
    await (await acquire('nightly', options)).release();
  });

  it('is not ended, because its PID is that of another process here', async () => {
    const { clone, processes, options } = await heldByClone();
    await clock.advance(HOUR + MINUTE);
    await expect(acquire('nightly', { ...options, terminateStalled: true })).rejects.toThrow(
      ErrTerminationFailed,
    );
    expect(processes.signals).toEqual([]);
    expect(processes.identify(clone.pid)).not.toBeNull();
  });
});

it('a holder in a file is on this machine, even if the machine has another name by now', async () => {
  const world = new World();
  const holder = world.processes.start({ hostname: 'before-dhcp' });
  await world.acquire(holder);
  holder.kill();
  const options = { store: fileStore(world.as()), dependencies: world.as() };
  expect(await inspect(world.path, options)).toMatchObject({ state: 'dead' });
  await world.acquire();
});
