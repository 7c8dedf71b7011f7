import { describe, expect, it } from 'vitest';
import { relationOf } from '../../../src/core/assess/owner.js';
import { acquire, ErrLockBusy, type Store } from '../../../src/index.js';
import {
  INITIAL_PID_NAMESPACE,
  type ProcessIdentity,
} from '../../../src/system/processes/process-identity.js';
import type { ProcessTable } from '../../../src/system/processes/process-table.js';
import { FakeClock, type FakePlace, FakeProcessTable, memoryStore } from '../../../src/testing/index.js';
import { someIdentity, someRecord } from '../../../support/world.js';

const OWNER = 'server-1';

describe('an owner that comes back', () => {
  const clock = new FakeClock();
  const processes = new FakeProcessTable(clock);

  /** Where the earlier run is, and where the one is that comes back: the process table has both. */
  function run(store: Store, place: FakePlace, owner: string | undefined = OWNER) {
    const dependencies = { clock, processes: processes.as(processes.start(place)) };
    return acquire('nightly', { store, owner, dependencies });
  }

  const HOST = { hostname: 'db-1', bootId: 'boot-1', pidNamespace: INITIAL_PID_NAMESPACE };
  const CONTAINER = { ...HOST, pidNamespace: 'pid:[4026532281]' };

  it.each<[string, FakePlace, FakePlace]>([
    ['after a restart of its machine', HOST, { ...HOST, bootId: 'boot-2' }],
    ['after a restart of its container', CONTAINER, { ...CONTAINER, pidNamespace: 'pid:[4026532999]' }],
    ['in a container on a machine that was restarted', CONTAINER, { ...CONTAINER, bootId: 'boot-2' }],
  ])('%s gets its own lock back at once', async (_, earlier, now) => {
    const store = memoryStore({ clock, processes });
    const lock = await run(store, earlier);
    const again = await run(store, now);
    expect(again.fencingToken).toBeGreaterThan(lock.fencingToken);
  });

  it.each<[string, FakePlace, FakePlace]>([
    ['beside a live process of its own', HOST, HOST],
    ['beside a live process of its own container', CONTAINER, CONTAINER],
    ['on another host', HOST, { ...HOST, hostname: 'db-2', bootId: 'boot-2' }],
    ['on a clone of the machine, with the same boot', HOST, { ...HOST, hostname: 'db-2' }],
    ['in a container, while the earlier one ran outside', HOST, CONTAINER],
    ['outside, while the earlier one ran in a container', CONTAINER, { ...HOST, bootId: 'boot-2' }],
    ...['localhost', 'LOCALHOST', 'localhost.localdomain'].map((hostname): [string, FakePlace, FakePlace] => [
      `on a machine without a name of its own (${hostname})`,
      { ...HOST, hostname },
      { ...HOST, hostname, bootId: 'boot-2' },
    ]),
  ])('%s finds it busy', async (_, earlier, now) => {
    const store = memoryStore({ clock, processes });
    const lock = await run(store, earlier);
    await expect(run(store, now)).rejects.toThrow(ErrLockBusy);
    await lock.heartBeat();
  });

  it.each<[string, FakePlace, FakePlace]>([
    ['a container of the same name beside it', CONTAINER, { ...CONTAINER, pidNamespace: 'pid:[4026532999]' }],
    ['a clone of the machine', HOST, { ...HOST, bootId: 'boot-2' }],
  ])(
    'finds it busy while there is %s, which has sent a heartbeat since it was started',
    async (_, other, now) => {
      const store = memoryStore({ clock, processes });
      const lock = await run(store, other);
      await clock.advance(10_000);
      const self = processes.as(processes.start(now));
      const contend = (uptime: number) =>
        acquire('nightly', { store, owner: OWNER, dependencies: { clock, processes: upFor(uptime, self) } });
      await expect(contend(10_001)).rejects.toThrow(ErrLockBusy);
      expect((await contend(10_000)).fencingToken).toBeGreaterThan(lock.fencingToken);
    },
  );

  /** The same processes, on a machine or in a container that was started this many milliseconds ago. */
  function upFor(uptime: number, table: ProcessTable): ProcessTable {
    return {
      self: () => table.self(),
      identify: (pid) => table.identify(pid),
      liveness: (identity) => table.liveness(identity),
      terminate: (identity, grace) => table.terminate(identity, grace),
      uptime: () => uptime,
    };
  }

  it('leaves processes of its own boot and namespace to the process table', () => {
    const self = processes.as(processes.start(HOST)).self();
    const holder = someRecord({ process: { ...self, pid: self.pid + 1 }, owner: OWNER });
    expect(relationOf(holder, OWNER, self, false)).toBe('namesake');
  });

  it('is an earlier run only if the boot and the PID namespace of both are known', () => {
    const earlier = someIdentity({ bootId: 'boot-1', pidNamespace: null });
    const relation = (process: Partial<ProcessIdentity>, self: Partial<ProcessIdentity>) =>
      relationOf(
        someRecord({ process: { ...earlier, ...process }, owner: OWNER }),
        OWNER,
        someIdentity({ bootId: 'boot-2', pidNamespace: null, ...self }),
        false,
      );
    expect(relation({}, {})).toBe('earlier-run');
    expect(relation({ bootId: null }, {})).toBe('namesake');
    expect(relation({}, { bootId: null })).toBe('namesake');
    expect(relation({ hostname: null }, { hostname: null })).toBe('namesake');
    expect(relation({}, { pidNamespace: 'pid:[4026532281]' })).toBe('namesake');
    expect(relation({}, { pidNamespace: INITIAL_PID_NAMESPACE })).toBe('namesake');
  });

  it('finds it busy while a worker of its earlier run may be alive', async () => {
    const store = memoryStore({ clock, processes });
    const holder = processes.as(processes.start(HOST)).self();
    const elsewhere = processes.as(processes.start({ ...HOST, hostname: 'db-2' })).self();
    const claim = {
      token: 'token',
      process: holder,
      workers: [elsewhere],
      staleTimeout: 60_000,
      command: null,
      user: null,
      cwd: null,
      owner: OWNER,
    };
    await store.claim('nightly', claim);
    await expect(run(store, { ...HOST, bootId: 'boot-2' })).rejects.toThrow(ErrLockBusy);
  });

  it('is told about a namesake', async () => {
    const store = memoryStore({ clock, processes });
    await run(store, HOST);
    await expect(run(store, { ...HOST, hostname: 'db-2', bootId: 'boot-2' })).rejects.toThrow(
      /^nightly is held by server-1, PID \d+ on db-1 .*has the same `owner`, but runs on another host/,
    );
  });

  it.each([undefined, 'server-2'])('is only a contender with the same name: not %s', async (other) => {
    const store = memoryStore({ clock, processes });
    await run(store, HOST);
    const dependencies = {
      clock,
      processes: processes.as(processes.start({ ...HOST, bootId: 'boot-2' })),
    };
    await expect(acquire('nightly', { store, owner: other, dependencies })).rejects.toThrow(ErrLockBusy);
  });

  it('is replaced at once by anyone if its process is known to be dead', async () => {
    const store = memoryStore({ clock, processes });
    const process = processes.start(HOST);
    await acquire('nightly', {
      store,
      owner: OWNER,
      dependencies: { clock, processes: processes.as(process) },
    });
    process.kill();
    await run(store, HOST, 'server-2');
  });

  it.each(['', 'two\nlines', 'NUL\0', 'half \ud83d', 'x'.repeat(65)])(
    'cannot be called %j',
    async (owner) => {
      const store = memoryStore({ clock, processes });
      await expect(run(store, HOST, owner)).rejects.toThrow(TypeError);
      expect(store.names?.()).toEqual([]);
    },
  );
});
