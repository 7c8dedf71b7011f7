import { describe, expect, it, vi } from 'vitest';
import { HostProcessTable } from '../../../src/system/processes/host-process-table.js';
import type { ProcessProbe } from '../../../src/system/processes/process-table.js';
import { FakeClock, type FakeManners, FakeProcessTable } from '../../../src/testing/index.js';
import { someIdentity, systemError } from '../../../support/world.js';

const bare = (pid: number) =>
  someIdentity({ pid, hostname: null, bootId: null, pidNamespace: null, started: null });

/** Of a machine on which PID 4242, among others, is running. */
function someProbe(): ProcessProbe {
  return {
    trustsHostname: false,
    hasGroups: true,
    self: () => someIdentity({ pid: 99 }),
    exists: () => 'yes',
    members: () => [],
    mayHide: () => false,
    isSocketOpen: () => 'no',
    socketOwners: () => [],
    look: () => ({ started: someIdentity().started, zombie: false, threads: 1 }),
    sameStart: (recorded, current) => (recorded === current ? 'yes' : 'no'),
    mayExistElsewhere: () => false,
    ageOf: () => ({ least: 0, most: 0 }),
    ownUser: () => null,
    usersOf: () => null,
    isProcess: () => true,
    ancestors: () => [],
    signal: () => {},
  };
}

describe('a process', () => {
  it('is alive while it runs and dead once it is gone', () => {
    const processes = new FakeProcessTable();
    const other = processes.start();
    expect(processes.liveness(other.identity)).toBe('alive');
    other.kill();
    expect(processes.liveness(other.identity)).toBe('dead');
  });

  it('is looked at once', () => {
    const probe = someProbe();
    const look = vi.spyOn(probe, 'look');
    expect(new HostProcessTable(probe, new FakeClock()).liveness(someIdentity())).toBe('alive');
    expect(look).toHaveBeenCalledTimes(1);
  });

  it('is alive when it belongs to another user (EPERM)', () => {
    const processes = new FakeProcessTable();
    expect(processes.liveness(processes.start({}, { forbidden: true }).identity)).toBe('alive');
  });

  it('is dead when its PID now names another process', () => {
    const processes = new FakeProcessTable();
    const first = processes.start();
    const second = first.recycle();
    expect(second.pid).toBe(first.pid);
    expect(processes.liveness(first.identity)).toBe('dead');
    expect(processes.liveness(second.identity)).toBe('alive');
  });

  it('is dead as a zombie, but not while some of its threads are still running', () => {
    const processes = new FakeProcessTable();
    const other = processes.start();
    other.zombify({ threads: 7 });
    expect(processes.liveness(other.identity)).toBe('alive');
    other.zombify({ threads: 1 });
    expect(processes.liveness(other.identity)).toBe('dead');
  });

  it('is unknown in another boot, another PID namespace, or on another machine', () => {
    const processes = new FakeProcessTable();
    for (const place of [
      { bootId: 'other' },
      { pidNamespace: 'pid:[4026532999]' },
      { bootId: 'x', hostname: 'x' },
    ]) {
      const other = processes.start(place);
      expect(processes.liveness(other.identity)).toBe('unknown');
      other.kill();
      expect(processes.liveness(other.identity)).toBe('unknown');
    }
  });

  it('is unknown when neither boot nor namespace were recorded, even with the same hostname', () => {
    const processes = new FakeProcessTable();
    const { hostname } = processes.self();
    expect(processes.liveness(someIdentity({ hostname, bootId: null, pidNamespace: null }))).toBe('unknown');
  });

  it('counts as alive if its start time is unknown', () => {
    const processes = new FakeProcessTable();
    const other = processes.start();
    expect(processes.liveness({ ...other.identity, started: null })).toBe('alive');
  });

  it('of which only the PID is known is dead if no namespace has a process with that PID', () => {
    const processes = new FakeProcessTable();
    const other = processes.start();
    expect(processes.liveness(bare(other.pid))).toBe('alive');
    other.kill();
    expect(processes.liveness(bare(other.pid))).toBe('dead');
    const inContainer = processes.start({ pidNamespace: 'pid:[4026532999]' });
    expect(processes.liveness(bare(inContainer.pid))).toBe('unknown');
    expect(processes.as(inContainer).liveness(bare(other.pid))).toBe('unknown');
  });
});

describe('a process without a recorded start time', () => {
  const NAMED = 60_000;

  async function agedWorld(age: number) {
    const clock = new FakeClock();
    const processes = new FakeProcessTable(clock);
    const other = processes.start();
    await clock.advance(age);
    return { processes, other };
  }

  it('is another one if it began after it was named, by more than the tolerance of files and clocks', async () => {
    for (const [age, expected] of [
      [0, 'dead'],
      [NAMED - 2001, 'dead'],
      [NAMED - 2000, 'alive'],
      [NAMED, 'alive'],
      [10 * NAMED, 'alive'],
    ] as const) {
      const { processes, other } = await agedWorld(age);
      expect(processes.liveness(bare(other.pid), NAMED)).toBe(expected);
      expect(processes.liveness({ ...other.identity, started: null }, NAMED)).toBe(expected);
    }
  });

  it('is unknown if it looks younger, but may be older than it looks', () => {
    const probe: ProcessProbe = {
      ...someProbe(),
      ageOf: () => ({ least: 10_000, most: Number.POSITIVE_INFINITY }),
    };
    const processes = new HostProcessTable(probe, new FakeClock());
    expect(processes.liveness(bare(4242), NAMED)).toBe('unknown');
    expect(processes.liveness(bare(4242), 12_000)).toBe('alive');
  });

  it('is not judged by its age if its start time was recorded', async () => {
    const { processes, other } = await agedWorld(0);
    expect(processes.liveness(other.identity, NAMED)).toBe('alive');
  });

  it('may still be running if its PID cannot be seen', async () => {
    const { processes, other } = await agedWorld(0);
    const inContainer = processes.start({ pidNamespace: 'pid:[4026532999]' });
    expect(processes.as(inContainer).liveness(bare(inContainer.pid), NAMED)).toBe('unknown');
    expect(processes.liveness(bare(other.pid), NAMED)).toBe('dead');
    expect(processes.liveness(bare(inContainer.pid), NAMED)).toBe('unknown');
  });

  it('is unknown if it was named in the future, or if its age is unknown', async () => {
    const { processes, other } = await agedWorld(NAMED);
    expect(processes.liveness(bare(other.pid), -1)).toBe('unknown');
    const timeless = new FakeProcessTable(); // without a clock
    expect(timeless.liveness(bare(timeless.start().pid), NAMED)).toBe('unknown');
  });
});

describe('a process group', () => {
  function someGroup(manners: FakeManners = {}, clock?: FakeClock) {
    const processes = new FakeProcessTable(clock);
    const leader = processes.start({}, manners);
    const member = processes.start({}, { group: leader, ...manners });
    const group = processes.identify(leader.pid, true);
    if (group === null) throw new Error('The group does not exist');
    return { processes, leader, member, group };
  }

  it('is alive while any process in it is, even if its leader has ended', () => {
    const { processes, leader, member, group } = someGroup();
    expect(processes.liveness(group)).toBe('alive');
    leader.zombify();
    expect(processes.liveness(group)).toBe('alive');
    leader.kill();
    expect(processes.liveness(group)).toBe('alive');
    member.zombify();
    expect(processes.liveness(group)).toBe('dead');
    member.kill();
    expect(processes.liveness(group)).toBe('dead');
  });

  it('is dead if its number belongs to a later process', () => {
    const { processes, leader, member, group } = someGroup();
    member.kill();
    leader.recycle();
    expect(processes.liveness(group)).toBe('dead');
  });

  it('can be named as long as any process in it is alive', () => {
    const { processes, leader, member } = someGroup();
    leader.kill();
    expect(processes.identify(leader.pid)).toBeNull();
    expect(processes.identify(leader.pid, true)).toMatchObject({ pid: leader.pid, group: true });
    member.kill();
    expect(processes.identify(leader.pid, true)).toBeNull();
  });

  it.each([
    { what: 'none can be seen', members: [], mayHide: false, verdict: 'alive' },
    { what: 'a zombie can be seen, and all would', members: ['zombie'], mayHide: false, verdict: 'dead' },
    {
      what: 'a zombie can be seen, and others may be hidden',
      members: ['zombie'],
      mayHide: true,
      verdict: 'alive',
    },
    { what: 'one that runs can be seen', members: ['zombie', 'running'], mayHide: false, verdict: 'alive' },
  ])('that exists according to the kernel is $verdict if $what', ({ members, mayHide, verdict }) => {
    const processes = new HostProcessTable(
      {
        ...someProbe(),
        exists: (pid) => (pid < 0 ? 'forbidden' : 'no'),
        look: () => null,
        members: () =>
          members.map((state, index) => ({ pid: 5000 + index, zombie: state === 'zombie', threads: 1 })),
        mayHide: () => mayHide,
      },
      new FakeClock(),
    );
    expect(processes.liveness(someIdentity({ group: true }))).toBe(verdict);
  });

  it('whose zombies are reaped while they are listed is dead', () => {
    const zombies = [5001, 5002, 5003].map((pid) => ({ pid, zombie: true, threads: 1 }));
    let reaped = 0;
    const processes = new HostProcessTable(
      {
        ...someProbe(),
        exists: (pid) => (pid < 0 ? 'yes' : 'no'),
        mayHide: () => false,
        members: () => zombies.slice(Math.min(reaped++, 2)),
      },
      new FakeClock(),
    );
    expect(processes.liveness({ ...someIdentity(), group: true })).toBe('dead');
  });

  it('whose zombies differ each time is alive: each forks before it ends', () => {
    let pid = 5000;
    const processes = new HostProcessTable(
      {
        ...someProbe(),
        exists: (each) => (each < 0 ? 'yes' : 'no'),
        look: () => null,
        members: () => [{ pid: pid++, zombie: true, threads: 1 }],
      },
      new FakeClock(),
    );
    expect(processes.liveness(someIdentity({ group: true }))).toBe('alive');
  });

  it('is not ended if none of its processes can be seen', async () => {
    const signal = vi.fn();
    const processes = new HostProcessTable({ ...someProbe(), members: () => [], signal }, new FakeClock());
    await expect(processes.terminate(someIdentity({ group: true }), 100)).rejects.toThrow(/cannot be seen/);
    expect(signal).not.toHaveBeenCalled();
  });

  it('is ended although some of its processes end while they are looked at', async () => {
    let isThere = true;
    const signal = vi.fn(() => {
      isThere = false;
    });
    const probe: ProcessProbe = {
      ...someProbe(),
      exists: (pid) => (Math.abs(pid) === 4242 && isThere ? 'yes' : 'no'),
      members: () => [4242, 4243].map((pid) => ({ pid, zombie: false, threads: 1 })),
      isProcess: (pid) => pid !== 4243,
      signal,
    };
    await new HostProcessTable(probe, new FakeClock()).terminate(someIdentity({ group: true }), 100);
    expect(signal).toHaveBeenCalledTimes(1);
  });

  it('needs no end if it ends while it is looked at', async () => {
    for (const last of ['members', 'socketOwners'] as const) {
      let isThere = true;
      const probe: ProcessProbe = {
        ...someProbe(),
        exists: () => (isThere ? 'yes' : 'no'),
        // Without its leader, it is told by its socket.
        look: () =>
          last === 'members' ? { started: someIdentity().started, zombie: false, threads: 1 } : null,
        members: () => [],
        signal: vi.fn(),
        [last]: () => {
          isThere = false;
          return [];
        },
      };
      const processes = new HostProcessTable(probe, new FakeClock());
      await processes.terminate(
        someIdentity({ group: true, inheritedSocket: 'net:[1] livinglock/some' }),
        100,
      );
      expect(probe.signal).not.toHaveBeenCalled();
    }
  });

  it('is just a process on platforms without groups', () => {
    const processes = new HostProcessTable({ ...someProbe(), hasGroups: false }, new FakeClock());
    expect(processes.identify(4242, true)).toEqual(expect.not.objectContaining({ group: true }));
  });

  it('is ended as a whole', async () => {
    const clock = new FakeClock();
    const { processes, leader, group } = someGroup({ ignoresTerm: true }, clock);
    const terminated = processes.terminate(group, 100);
    await clock.advance(100);
    await terminated;
    expect(processes.liveness(group)).toBe('dead');
    expect(processes.signals).toEqual([
      { pid: -leader.pid, signal: 'SIGTERM' },
      { pid: -leader.pid, signal: 'SIGKILL' },
    ]);
  });

  it('is ended without its leader only if a process in it has the socket of its holder', async () => {
    const inheritedSocket = 'net:[1] livinglock/some';
    const { processes, leader, group, member } = someGroup({ inheritedSocket });
    leader.kill();
    await expect(processes.terminate(group, 100)).rejects.toThrow(/not certain .* process group/);
    await expect(processes.terminate({ ...group, inheritedSocket: 'another' }, 100)).rejects.toThrow(
      /not certain/,
    );
    expect(processes.signals).toEqual([]);
    await processes.terminate({ ...group, inheritedSocket }, 100);
    expect(processes.liveness(member.identity)).toBe('dead');
  });

  it('is not ended with this process in it, or with what the writer of the record could not have ended', async () => {
    const processes = new FakeProcessTable();
    const leader = processes.start({}, { user: 1000 });
    const group = processes.identify(leader.pid, true);
    if (group === null) throw new Error('The group does not exist');
    const inside = processes.as(processes.start({}, { group: leader, user: 0 }));
    await expect(inside.terminate(group, 100, 0)).rejects.toThrow(/this process itself/);
    const outside = processes.as(processes.start({}, { user: 0 }));
    await expect(outside.terminate(group, 100, 1000)).rejects.toThrow(/belongs to user 0/);
    expect(processes.signals).toEqual([]);
  });
});

describe('a process that hands a socket on', () => {
  const inheritedSocket = 'net:[1] livinglock/some';

  it('is alive as long as any process has it', () => {
    const processes = new FakeProcessTable();
    const holder = processes.start();
    const identity = { ...holder.identity, inheritedSocket };
    const owner = processes.start({}, { inheritedSocket });
    holder.kill();
    expect(processes.liveness(identity)).toBe('alive');
    owner.kill();
    expect(processes.liveness(identity)).toBe('dead');
  });

  it('is unknown if that cannot be seen', () => {
    const probe: ProcessProbe = {
      ...someProbe(),
      exists: () => 'no',
      look: () => null,
      isSocketOpen: () => 'unclear',
    };
    const processes = new HostProcessTable(probe, new FakeClock());
    expect(processes.liveness(someIdentity({ inheritedSocket }))).toBe('unknown');
    expect(processes.liveness(someIdentity())).toBe('dead');
  });

  it('is ended with all processes that have it', async () => {
    const processes = new FakeProcessTable();
    const holder = processes.start({}, { inheritedSocket });
    const owner = processes.start({}, { inheritedSocket });
    await processes.terminate({ ...holder.identity, inheritedSocket }, 100);
    expect(processes.liveness(owner.identity)).toBe('dead');
  });

  it('does not count as ended if a process that cannot be seen has it', async () => {
    const probe: ProcessProbe = {
      ...someProbe(),
      exists: () => 'no',
      look: () => null,
      isSocketOpen: () => 'unclear',
    };
    const processes = new HostProcessTable(probe, new FakeClock());
    await expect(processes.terminate(someIdentity({ inheritedSocket }), 100)).rejects.toThrow(
      /cannot be seen/,
    );
  });
});

describe('a process whose boot is unknown', () => {
  const bootless = (processes: FakeProcessTable, pid: number) => ({
    ...processes.self(),
    pid,
    bootId: null,
    started: '1',
  });

  it('is dead if no process has its PID, and unknown otherwise', () => {
    const processes = new FakeProcessTable();
    const other = processes.start();
    const identity = bootless(processes, other.pid);
    expect(processes.liveness(identity)).toBe('unknown');
    other.zombify();
    expect(processes.liveness(identity)).toBe('dead');
    other.kill();
    expect(processes.liveness(identity)).toBe('dead');
  });

  it('may be in another PID namespace', () => {
    const processes = new FakeProcessTable();
    expect(processes.liveness({ ...bootless(processes, 9999), pidNamespace: 'pid:[1]' })).toBe('unknown');
  });

  it('is not signalled', async () => {
    const processes = new FakeProcessTable();
    const other = processes.start();
    await expect(processes.terminate({ ...other.identity, bootId: null }, 100)).rejects.toThrow(
      /not a process that can be seen/,
    );
    expect(processes.signals).toEqual([]);
  });
});

describe('terminating a process', () => {
  it('sends SIGTERM first, and nothing more if that is enough', async () => {
    const processes = new FakeProcessTable();
    const other = processes.start();
    await processes.terminate(other.identity, 5000);
    expect(processes.signals).toEqual([{ pid: other.pid, signal: 'SIGTERM' }]);
    expect(processes.liveness(other.identity)).toBe('dead');
  });

  it('kills a process that does not end within the grace period', async () => {
    const clock = new FakeClock();
    const processes = new FakeProcessTable(clock);
    const other = processes.start({}, { ignoresTerm: true });
    const terminated = processes.terminate(other.identity, 5000);
    await clock.advance(4999);
    expect(processes.signals.map(({ signal }) => signal)).toEqual(['SIGTERM']);
    await clock.advance(1);
    await terminated;
    expect(processes.signals.map(({ signal }) => signal)).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('never signals another process that has the same PID', async () => {
    const processes = new FakeProcessTable();
    const first = processes.start();
    const second = first.recycle();
    await processes.terminate(first.identity, 5000);
    expect(processes.signals).toEqual([]);
    expect(processes.liveness(second.identity)).toBe('alive');
  });

  it('does not kill a process that gets the PID during the grace period', async () => {
    const clock = new FakeClock();
    const processes = new FakeProcessTable(clock);
    const first = processes.start({}, { ignoresTerm: true });
    const terminated = processes.terminate(first.identity, 5000);
    await clock.advance(1000);
    const second = first.recycle();
    await clock.advance(10_000);
    await terminated;
    expect(processes.liveness(second.identity)).toBe('alive');
  });

  it('succeeds if the process ends by itself right before the signal', async () => {
    const identity = someIdentity();
    let isGone = false;
    const probe: ProcessProbe = {
      ...someProbe(),
      exists: () => (isGone ? 'no' : 'yes'),
      look: () => (isGone ? null : { started: identity.started, zombie: false, threads: 1 }),
      signal: () => {
        isGone = true;
        throw systemError('ESRCH', 'kill');
      },
    };
    await new HostProcessTable(probe, new FakeClock()).terminate(identity, 5000);
  });

  it('fails when the signal is refused', async () => {
    const processes = new FakeProcessTable();
    const other = processes.start({}, { forbidden: true });
    await expect(processes.terminate(other.identity, 5000)).rejects.toThrow(/EPERM/);
    expect(processes.liveness(other.identity)).toBe('alive');
  });

  it('fails without a signal if the PID may mean another process', async () => {
    const processes = new FakeProcessTable();
    const own = processes.own;
    const elsewhere = processes.start({ bootId: 'other' });
    await expect(processes.terminate(elsewhere.identity, 0)).rejects.toThrow(/cannot? be seen|can be seen/);
    await expect(processes.terminate(own.identity, 0)).rejects.toThrow(/this process itself/);
    const other = processes.start();
    await expect(processes.terminate({ ...other.identity, started: null }, 0)).rejects.toThrow(/not certain/);
    await expect(processes.terminate(bare(other.pid), 0)).rejects.toThrow();
    expect(processes.signals).toEqual([]);
  });

  it('fails without a signal if the writer of the record could not have ended it', async () => {
    const processes = new FakeProcessTable();
    const ours = processes.own.manners.user ?? process.geteuid?.() ?? 0;
    const refusals: [user: number, writer: number | null | undefined, RegExp][] = [
      [1001, 1002, /belongs to user 1001, but the lock file to user 1002/],
      [1001, undefined, /belongs to user 1001, and the lock's store does not say/],
      [ours, 1002, /could not have ended it/],
      [ours, null, /not certain who wrote/],
    ];
    for (const [user, writer, reason] of refusals) {
      const { identity } = processes.start({}, { user });
      expect(() => processes.refuseTermination(identity, writer)).toThrow(reason);
      await expect(processes.terminate(identity, 0, writer)).rejects.toThrow(reason);
    }
    expect(processes.signals).toEqual([]);
  });

  it('goes on if the writer could have ended it', async () => {
    const processes = new FakeProcessTable();
    const ours = process.geteuid?.() ?? 0;
    for (const [user, writer] of [
      [1001, 1001],
      [1001, 0],
      [1001, ours],
      [ours, undefined],
    ] as const) {
      const { identity } = processes.start({}, { user });
      expect(() => processes.refuseTermination(identity, writer)).not.toThrow();
      await processes.terminate(identity, 0, writer);
      expect(processes.signals.at(-1)).toEqual({ pid: identity.pid, signal: 'SIGTERM' });
    }
  });

  it('fails without a signal for PID 1, and for all ancestors of this process', async () => {
    const processes = new FakeProcessTable();
    const grandparent = processes.start();
    const parent = processes.start({}, { parent: grandparent });
    const view = processes.as(processes.start({}, { parent }));
    for (const { identity } of [parent, grandparent]) {
      await expect(view.terminate(identity, 0, 0)).rejects.toThrow(/ancestor/);
    }
    for (const pid of [1, 0, -1, -parent.pid, 1.5, Number.NaN]) {
      await expect(view.terminate({ ...parent.identity, pid }, 0, 0)).rejects.toThrow(/never signalled/);
    }
    expect(processes.signals).toEqual([]);
  });

  it('does not kill a process that can no longer be told from another during the grace period', async () => {
    const identity = someIdentity();
    const signals: string[] = [];
    const clock = new FakeClock();
    const probe: ProcessProbe = {
      ...someProbe(),
      look: () => (signals.length > 0 ? null : { started: identity.started, zombie: false, threads: 1 }),
      signal: (_pid, signal) => {
        signals.push(signal);
      },
    };
    const failed = expect(new HostProcessTable(probe, clock).terminate(identity, 5000)).rejects.toThrow(
      /not certain/,
    );
    await clock.advance(60_000);
    await failed;
    expect(signals).toEqual(['SIGTERM']);
  });

  it('fails if the process still exists after SIGKILL', async () => {
    const clock = new FakeClock();
    const processes = new FakeProcessTable(clock);
    const other = processes.start({}, { ignoresTerm: true });
    const terminated = processes.terminate(other.identity, 0);
    // For example, a thread in an uninterruptible system call does not end.
    other.kill = () => {};
    const failed = expect(terminated).rejects.toThrow(/still there after SIGKILL/);
    await clock.advance(60_000);
    await failed;
  });
});

describe('a process that cannot be told from the one that was recorded', () => {
  const processes = new HostProcessTable({ ...someProbe(), sameStart: () => 'unclear' }, new FakeClock());

  it('is alive, and is not ended', async () => {
    expect(processes.liveness(someIdentity())).toBe('alive');
    await expect(processes.terminate(someIdentity(), 0)).rejects.toThrow(/not certain/);
  });
});

it('a process is ended only after its start was asked once more', async () => {
  const fresh: (boolean | undefined)[] = [];
  const probe = someProbe();
  const processes = new HostProcessTable(
    {
      ...probe,
      look(pid, isFresh) {
        fresh.push(isFresh);
        return isFresh === true ? { started: 'later', zombie: false, threads: 1 } : probe.look(pid);
      },
    },
    new FakeClock(),
  );
  await expect(processes.terminate(someIdentity(), 0)).rejects.toThrow(/not certain/);
  expect(fresh).toContain(true);
});
