import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { serializeRecord } from '../../../src/core/record/record.js';
import {
  Acquire,
  acquire,
  breakLock,
  type Clock,
  ErrLockBusy,
  ErrLockLost,
  ErrLockStore,
  ErrTerminationFailed,
  inspect,
  type Store,
} from '../../../src/index.js';
import { systemFileSystem } from '../../../src/stores/file/file-system.js';
import { fileStore } from '../../../src/stores/file/index.js';
import {
  DAY,
  fileSystemWith,
  HOUR,
  MINUTE,
  SECOND,
  someRecord,
  systemError,
  untyped,
  World,
} from '../../../support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const OTHER_NAMESPACE = 'pid:[4026532999]';

describe('a contender', () => {
  it('acquires a free lock, and creates its folder', async () => {
    const world = new World();
    const path = join(world.folder, 'a', 'b', 'job.lock');
    const lock = await acquire(path, { dependencies: world.as() });
    expect(lock.name).toBe(path);
    expect(existsSync(path)).toBe(true);
    await lock.release();
    expect(existsSync(path)).toBe(false);
  });

  it('gets ErrLockBusy at once while the holder is alive and sends heartbeats', async () => {
    const world = new World();
    const holder = world.processes.start();
    const lock = await world.acquire(holder, { command: 'import.js --all' });
    await world.clock.advance(30 * MINUTE);
    const before = world.text;

    const error = await world.acquire().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ErrLockBusy);
    expect(error).toMatchObject({
      code: 'ERR_LOCK_BUSY',
      lock: world.path,
      heartbeatAge: 30 * MINUTE,
      holder: { processId: holder.pid, token: lock.token },
      reason: expect.stringContaining('alive'),
    });
    expect(String(error)).toContain(world.path);
    expect(String(error)).toContain(
      `PID ${holder.pid} on fake-host (import.js --all in ${process.cwd()}), last heartbeat 30 minutes ago`,
    );
    expect(String(error)).toContain('`wait`');
    expect(world.text).toBe(before);
  });

  it('is told in which folder the holder runs, even if the command is unknown', async () => {
    const world = new World();
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue('/srv/shop');
    const lock = await world.acquire(undefined, { command: '' });
    await expect(world.acquire()).rejects.toThrow(' on fake-host (in /srv/shop), last heartbeat');
    await lock.release();

    cwd.mockReturnValue(`/${'x'.repeat(4000)}`);
    await world.acquire();
    await expect(world.acquire()).rejects.toMatchObject({
      holder: { cwd: expect.stringMatching(/^\/x{200,}…$/) },
    });
  });

  it('acquires in a working folder that was removed and has no path any more', async () => {
    const world = new World();
    vi.spyOn(process, 'cwd').mockImplementation(() => {
      throw systemError('ENOENT', 'uv_cwd');
    });
    await world.acquire(undefined, { command: 'import.js' });
    expect(JSON.parse(world.text)).not.toHaveProperty('cwd');
    await expect(world.acquire()).rejects.toThrow(' on fake-host (import.js), last heartbeat');
  });

  it('is told the progress of the holder', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start());
    await lock.heartBeat({ progress: 0.409, note: 'table 4 of 10' });
    await expect(world.acquire()).rejects.toThrow(
      'last heartbeat 0 ms ago, 40 % done, table 4 of 10; it is alive',
    );
  });

  it('is told that the holder is dead, and only what it has started is at work', async () => {
    const world = new World();
    const holder = world.processes.start();
    const lock = await world.acquire(holder);
    await lock.setWorkers([world.processes.start().pid]);
    holder.kill();
    await expect(world.acquire()).rejects.toThrow(
      `; PID ${holder.pid} is dead, but what it has started is still at work. Try again`,
    );
  });

  it('is told that it is the holder itself', async () => {
    const world = new World();
    const lock = await world.acquire();
    await expect(world.acquire()).rejects.toThrow(
      '; it is alive and has not stalled: it is this process itself.',
    );
    await lock.release();
    await world.acquire(world.processes.start());
    await expect(world.acquire()).rejects.toThrow('; it is alive and has not stalled. Try again');
  });

  it('is not told so of a lock that it has released early', async () => {
    const world = new World();
    await (await world.acquire(undefined, { holdAtLeast: HOUR })).release();
    await expect(world.acquire()).rejects.toMatchObject({
      name: 'ErrLockBusy',
      reason: expect.not.stringContaining('it is this process itself'),
    });
  });

  it('takes over from a holder that is alive but has sent no heartbeat for longer than the stale timeout', async () => {
    const world = new World();
    const old = await world.acquire(world.processes.start());
    await world.clock.advance(HOUR);
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(1);
    const lock = await world.acquire();
    expect(lock.fencingToken).toBeGreaterThan(old.fencingToken);
    await expect(old.heartBeat()).rejects.toThrow(ErrLockLost);
  });

  it('takes over from a dead holder at once', async () => {
    const world = new World();
    const holder = world.processes.start();
    const old = await world.acquire(holder);
    holder.kill();
    const lock = await world.acquire();
    expect(lock.fencingToken).toBeGreaterThan(old.fencingToken);
    expect(world.text).toContain(lock.token);
  });

  it('takes over from a holder whose PID was reused', async () => {
    const world = new World();
    const holder = world.processes.start();
    await world.acquire(holder);
    holder.recycle();
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('takes over from a zombie, but not while its threads still run', async () => {
    const world = new World();
    const holder = world.processes.start();
    await world.acquire(holder);
    holder.zombify({ threads: 4 });
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    holder.zombify();
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('respects a live holder of another user, which must not be signalled', async () => {
    const world = new World();
    await world.acquire(world.processes.start({}, { forbidden: true }));
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
  });

  it('waits for the stale timeout of a holder in another PID namespace, which cannot be proved dead', async () => {
    const world = new World();
    const holder = world.processes.start({ pidNamespace: OTHER_NAMESPACE });
    await world.acquire(holder);
    holder.kill();
    await expect(world.acquire()).rejects.toThrow(/cannot be checked from here/);
    await world.clock.advance(HOUR + 1);
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('waits for the stale timeout of a holder on another machine, by the wall clock', async () => {
    const world = new World();
    const self = world.processes.start({
      hostname: 'db-2',
      bootId: 'boot-of-db-2',
      pidNamespace: OTHER_NAMESPACE,
    });
    const timestamp = new Date(world.clock.now());
    world.write(serializeRecord(someRecord({ process: self.identity, timestamp, monotonic: 5 })));
    await world.clock.advance(HOUR);
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(1);
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('uses the longer timeout when the configurations disagree', async () => {
    const world = new World();
    await world.acquire(world.processes.start(), { staleTimeout: '3h' });
    await world.clock.advance(2 * HOUR);
    await expect(world.acquire(undefined, { staleTimeout: '1h' })).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(HOUR + 1);
    await expect(world.acquire(undefined, { staleTimeout: '4h' })).rejects.toThrow(ErrLockBusy);
    await expect(world.acquire(undefined, { staleTimeout: '1h' })).resolves.toBeDefined();
  });

  it('never takes over from a live holder without a stale timeout', async () => {
    const world = new World();
    const holder = world.processes.start();
    await world.acquire(holder, { staleTimeout: Number.POSITIVE_INFINITY });
    expect(JSON.parse(world.text)).toHaveProperty('stale_timeout_ms', null);
    await world.clock.advance(2 * DAY);
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    holder.kill();
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('finds the lock busy if its own process holds it', async () => {
    const world = new World();
    await world.acquire();
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
  });

  it('is also exported as Acquire, as in the Go package', () => {
    expect(Acquire).toBe(acquire);
  });
});

describe('clocks', () => {
  it('may be set by a day either way without making a healthy holder look stale, or a stale one healthy', async () => {
    for (const step of [DAY, -DAY]) {
      const world = new World();
      await world.acquire(world.processes.start());
      world.clock.stepWallClock(step);
      await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
      await world.clock.advance(HOUR + 1);
      await expect(world.acquire()).resolves.toBeDefined();
    }
  });

  it('may stop for a night in a suspended laptop', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start());
    world.clock.suspend(8 * HOUR);
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    await expect(lock.heartBeat()).resolves.toBeUndefined();
  });

  it('may be slow: a heartbeat from the future is as old as its file', async () => {
    const world = new World();
    const self = world.processes.start({
      hostname: 'db-2',
      bootId: 'boot-of-db-2',
      pidNamespace: OTHER_NAMESPACE,
    });
    const timestamp = new Date('9999-12-31T23:59:59Z');
    world.write(serializeRecord(someRecord({ process: self.identity, timestamp, monotonic: null })));
    await expect(world.acquire()).rejects.toMatchObject({ heartbeatAge: 0 });
    await world.clock.advance(HOUR + 1);
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it.each([1, 2])(
    'may fail %d times during an acquisition, which then leaves neither a lock nor a listener, and has ended',
    async (failures) => {
      for (let first = 1; ; first++) {
        const world = new World();
        let readings = 0;
        const monotonic = () => {
          readings++;
          if (readings >= first && readings < first + failures) throw new Error('no time');
          return world.clock.monotonic();
        };
        const clock: Clock = {
          now: () => world.clock.now(),
          monotonic,
          sleep: (...sleep) => world.clock.sleep(...sleep),
        };
        const before = releasesAtExit();
        const options = { staleTimeout: SECOND, dependencies: { ...world.as(), clock } };
        const lock = await acquire(world.path, options).catch(() => null);
        if (lock === null) await new Promise(setImmediate);
        else await lock.release().catch(() => lock.release());
        const left = { files: readdirSync(world.folder), releases: releasesAtExit() };
        expect({ first, ...left }).toEqual({ first, files: [], releases: before });
        // A claim in doubt is checked for an hour.
        await world.clock.advance(HOUR + MINUTE);
        const seen = readings;
        await world.clock.advance(HOUR);
        expect({ first, readings }).toEqual({ first, readings: seen });
        if (readings < first) return;
      }
    },
  );
});

/** How many locks would be released if the process ended. */
function releasesAtExit(): number {
  return Reflect.get(process, Symbol.for('livinglock at exit'))?.releases.size ?? 0;
}

describe('after a reboot', () => {
  it('the lock is taken over at once', async () => {
    const world = new World();
    await world.acquire(world.processes.start());
    world.processes.reboot();
    world.clock.reboot();
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('the lock of a container is taken over at once when the old boot had lasted longer', async () => {
    const world = new World();
    await world.acquire(world.processes.start({ pidNamespace: OTHER_NAMESPACE }));
    world.processes.reboot();
    world.clock.reboot();
    await expect(world.acquire()).resolves.toBeDefined();
  });

  // systemd-nspawn and LXC give every container a boot id of its own; the design page takes that for another boot.
  it('is not what another boot ID means in a container that runs alongside', async () => {
    const world = new World();
    const holder = world.processes.start({ bootId: 'of-a-container', pidNamespace: OTHER_NAMESPACE });
    await world.acquire(holder);
    await world.clock.advance(MINUTE);
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    const contender = world.processes.start({ bootId: 'of-another', pidNamespace: 'pid:[4026532777]' });
    await expect(world.acquire(contender)).rejects.toThrow(ErrLockBusy);
  });
});

describe('dependencies', () => {
  it('can be left out one by one', async () => {
    const world = new World();
    for (const dependencies of [{}, { clock: world.clock }, { processes: world.processes }, world.as()]) {
      const lock = await acquire(world.path, { dependencies });
      await expect(acquire(world.path, { dependencies })).rejects.toThrow(ErrLockBusy);
      await lock.release();
    }
  });
});

describe('waiting', () => {
  it('gets the lock when it is released', async () => {
    const world = new World();
    const holder = await world.acquire(world.processes.start());
    const waiting = world.acquire(undefined, { wait: '10m' });
    await world.clock.advance(MINUTE);
    await holder.release();
    await world.clock.advance(5 * SECOND);
    await expect(waiting).resolves.toBeDefined();
  });

  it('gets the lock when its holder dies', async () => {
    const world = new World();
    const holder = world.processes.start();
    await world.acquire(holder);
    const waiting = world.acquire(undefined, { wait: Number.POSITIVE_INFINITY });
    await world.clock.advance(DAY / 48);
    holder.kill();
    await world.clock.advance(5 * SECOND);
    await expect(waiting).resolves.toBeDefined();
  });

  it('gives up after exactly the given time, with the last ErrLockBusy', async () => {
    const world = new World();
    await world.acquire(world.processes.start());
    let outcome: unknown = 'waiting';
    const waiting = world.acquire(undefined, { wait: '30s' }).catch((reason: unknown) => {
      outcome = reason;
    });
    await world.clock.advance(30 * SECOND - 1);
    expect(outcome).toBe('waiting');
    await world.clock.advance(1);
    await waiting;
    expect(outcome).toMatchObject({
      code: 'ERR_LOCK_BUSY',
      heartbeatAge: 30 * SECOND,
      stack: expect.stringContaining(
        'It did not become free within the `wait` of 30 seconds. Try again later, or wait longer.',
      ),
    });
    expect(outcome).not.toHaveProperty('message', expect.stringContaining('with the option `wait`'));
  });

  it.each([
    [1, [50, 100, 200, 400, 500, 500]],
    [0, [25, 50, 100, 200, 250, 250]],
  ])('asks less and less often, but about twice a second (random part: %d)', async (random, expected) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    const world = new World();
    await world.acquire(world.processes.start());
    const { times, store } = timed(world);
    const waiting = expect(world.acquire(undefined, { wait: '2s', store })).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(2 * SECOND);
    await waiting;
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses.slice(0, expected.length)).toEqual(expected);
  });

  it('asks for the last time early enough to be answered in time', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const world = new World();
    await world.acquire(world.processes.start());
    const { times, store } = timed(world, 30);
    const waiting = expect(world.acquire(undefined, { wait: '1s', store })).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(SECOND);
    await waiting;
    // Twice as long before the end as the answer before took.
    expect(times.at(-1)).toBe(SECOND - 2 * 30);
  });

  it('ends when its signal aborts, with its reason', async () => {
    const world = new World();
    await world.acquire(world.processes.start());
    for (const reason of [new Error('enough'), 'enough']) {
      const controller = new AbortController();
      const waiting = world.acquire(undefined, { wait: '1h', signal: controller.signal });
      const ended = expect(waiting).rejects.toBe(reason);
      await world.clock.advance(SECOND);
      controller.abort(reason);
      await ended;
    }
  });

  it('does not begin when its signal has aborted', async () => {
    const world = new World();
    const reason = new Error('enough');
    await expect(world.acquire(undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(world.files).toEqual([]);
  });
});

/** A store that takes that long to read, and when it was asked to, in milliseconds from now on. */
function timed(world: World, duration = 0): { readonly times: readonly number[]; readonly store: Store } {
  const intact = fileStore(world.as());
  const start = world.clock.monotonic();
  const times: number[] = [];
  const read: Store['read'] = async (name) => {
    times.push(world.clock.monotonic() - start);
    if (duration > 0) await world.clock.sleep(duration);
    return intact.read(name);
  };
  return { times, store: { ...intact, read } };
}

describe('a stalled holder', () => {
  it('is ended first if that is requested', async () => {
    const world = new World();
    const holder = world.processes.start();
    await world.acquire(holder);
    await world.clock.advance(2 * HOUR);
    await world.acquire(undefined, { terminateStalled: true });
    expect(world.processes.signals).toEqual([{ pid: holder.pid, signal: 'SIGTERM' }]);
    expect(world.processes.liveness(holder.identity)).toBe('dead');
  });

  it.each(['has changed', 'cannot be confirmed'])(
    'is not ended when its record %s, as where a replica had been read that was behind',
    async (how) => {
      const world = new World();
      const holder = world.processes.start();
      const lock = await world.acquire(holder);
      await world.clock.advance(2 * HOUR);
      const error = ErrLockStore.of(world.path, 'confirm the lock', {
        code: 'READONLY',
        reason: 'this is a replica',
        remedy: '',
        cause: undefined,
      });
      const confirm = vi.fn(async () => {
        await lock.heartBeat();
        if (how !== 'has changed') throw error;
        return false;
      });
      const intact = fileStore(world.as());
      const { version } = (await intact.read(world.path)) ?? {};
      const store = { ...intact, confirm };
      await expect(world.acquire(undefined, { terminateStalled: true, store })).rejects.toThrow(
        how === 'has changed' ? ErrLockBusy : error,
      );
      expect(confirm.mock.calls).toEqual([[world.path, version]]);
      expect(world.processes.signals).toEqual([]);
    },
  );

  it.each([null, undefined, 0, { rowCount: 0 }])(
    'is not ended if a store answers %o instead of true',
    async (answer) => {
      const world = new World();
      await world.acquire(world.processes.start());
      await world.clock.advance(2 * HOUR);
      const store = { ...fileStore(world.as()), ...untyped<Store>({ confirm: () => answer }) };
      await expect(world.acquire(undefined, { terminateStalled: true, store })).rejects.toMatchObject({
        code: 'ERR_LOCK_UNCHANGED',
      });
      expect(world.processes.signals).toEqual([]);
    },
  );

  it('is ended once its record is confirmed', async () => {
    const world = new World();
    const holder = world.processes.start();
    await world.acquire(holder);
    await world.clock.advance(2 * HOUR);
    const store = { ...fileStore(world.as()), confirm: () => true };
    await world.acquire(undefined, { terminateStalled: true, store });
    expect(world.processes.signals).toEqual([{ pid: holder.pid, signal: 'SIGTERM' }]);
  });

  it('is terminated together with its workers, which would otherwise go on beside the next holder', async () => {
    const world = new World();
    const holder = world.processes.start();
    const workers = [world.processes.start(), world.processes.start()];
    const lock = await world.acquire(holder);
    await lock.setWorkers(workers.map(({ pid }) => pid));
    await world.clock.advance(2 * HOUR);
    await world.acquire(undefined, { terminateStalled: true });
    expect(world.processes.signals).toEqual(
      [holder, ...workers].map(({ pid }) => ({ pid, signal: 'SIGTERM' })),
    );
  });

  it('is killed if it does not end within the grace period', async () => {
    const world = new World();
    const holder = world.processes.start({}, { ignoresTerm: true });
    await world.acquire(holder);
    await world.clock.advance(2 * HOUR);
    const acquiring = world.acquire(undefined, { terminateStalled: true, terminationGrace: '20s' });
    await world.clock.advance(19 * SECOND);
    expect(world.text).toContain(`"process_id":${holder.pid},`);
    await world.clock.advance(2 * SECOND);
    await acquiring;
    expect(world.processes.signals.map(({ signal }) => signal)).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('of another user in a sticky folder cannot be replaced, which the error says', async () => {
    const world = new World();
    await world.acquire(world.processes.start());
    await world.clock.advance(2 * HOUR);
    const fileSystem = fileSystemWith({
      renameSync: () => {
        throw systemError('EPERM', 'rename');
      },
    });
    const dependencies = world.as();
    const takeover = acquire(world.path, { store: fileStore({ ...dependencies, fileSystem }), dependencies });
    await expect(takeover).rejects.toThrow(/^Cannot take over the lock .+: EPERM.+ In a sticky folder/);
  });

  it('keeps the lock when it cannot be ended', async () => {
    const world = new World();
    const holder = world.processes.start({}, { forbidden: true });
    await world.acquire(holder);
    await world.clock.advance(2 * HOUR);
    const before = world.text;
    const refused = world.acquire(undefined, { terminateStalled: true });
    await expect(refused).rejects.toThrow(ErrTerminationFailed);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_TERMINATION_FAILED', lock: world.path });
    await expect(refused).rejects.toThrow(/EPERM/);
    expect(world.text).toBe(before);
  });

  it('is ended only if the writer of its record could have ended it, and otherwise keeps the lock', async () => {
    const world = new World();
    const holder = world.processes.start({}, { user: 1001 });
    await world.acquire(holder);
    await world.clock.advance(2 * HOUR);
    const before = world.text;
    const acquireFrom = (writer: number) =>
      world.acquire(undefined, { terminateStalled: true, store: writtenBy(world, writer) });
    const refused = acquireFrom(1002);
    await expect(refused).rejects.toThrow(ErrTerminationFailed);
    await expect(refused).rejects.toThrow(/belongs to user 1001, but the lock file to user 1002/);
    expect(world.text).toBe(before);
    expect(world.processes.signals).toEqual([]);
    await acquireFrom(1001);
    expect(world.processes.signals).toEqual([{ pid: holder.pid, signal: 'SIGTERM' }]);
  });

  it('is left alone when one of its workers may not be signalled', async () => {
    const world = new World();
    const holder = world.processes.start({}, { user: 1002 });
    const innocent = world.processes.start({}, { user: 1001 });
    const lock = await world.acquire(holder);
    await lock.setWorkers([innocent.pid]);
    await world.clock.advance(2 * HOUR);
    const store = writtenBy(world, 1002);
    await expect(world.acquire(undefined, { terminateStalled: true, store })).rejects.toThrow(/user 1001/);
    expect(world.processes.signals).toEqual([]);
  });

  it('is not ended when its file has a second name, or others may write to it', async () => {
    for (const change of [
      (path: string) => linkSync(path, `${path}.copy`),
      (path: string) => chmodSync(path, 0o666),
      (path: string) => chmodSync(path, 0o664),
    ]) {
      const world = new World();
      await world.acquire(world.processes.start());
      await world.clock.advance(2 * HOUR);
      change(world.path);
      await expect(world.acquire(undefined, { terminateStalled: true })).rejects.toThrow(/not certain who/);
      expect(world.processes.signals).toEqual([]);
    }
  });

  it('is not ended when its record was written for another lock', async () => {
    const world = new World();
    await acquire(join(world.folder, 'other.lock'), { dependencies: world.as(world.processes.start()) });
    renameSync(join(world.folder, 'other.lock'), world.path);
    await world.clock.advance(2 * HOUR);
    await expect(world.acquire(undefined, { terminateStalled: true })).rejects.toThrow(
      /its record was written for another lock/,
    );
    expect(world.processes.signals).toEqual([]);
  });

  it('is not ended while it sends heartbeats, nor when it is dead and its PID was reused', async () => {
    const world = new World();
    const holder = world.processes.start();
    await world.acquire(holder);
    await expect(world.acquire(undefined, { terminateStalled: true })).rejects.toThrow(ErrLockBusy);
    const next = holder.recycle();
    await world.clock.advance(2 * HOUR);
    await world.acquire(undefined, { terminateStalled: true });
    expect(world.processes.signals).toEqual([]);
    expect(world.processes.liveness(next.identity)).toBe('alive');
  });

  it('is not ended when it is the contender itself', async () => {
    const world = new World();
    await world.acquire();
    await world.clock.advance(2 * HOUR);
    await expect(world.acquire(undefined, { terminateStalled: true })).rejects.toThrow(/this process itself/);
  });

  it('keeps the lock if it sends a heartbeat just before it would be taken over', async () => {
    const world = new World();
    const holder = world.processes.start();
    const lock = await world.acquire(holder, { staleTimeout: HOUR });
    await world.clock.advance(HOUR + 1);
    const processes = world.as(world.processes.start()).processes;
    const contender = world.acquire(undefined, {
      terminateStalled: true,
      dependencies: {
        clock: world.clock,
        // The last moment before the claim: the holder, judged stalled, wakes up.
        processes: {
          self: () => processes.self(),
          identify: (pid) => processes.identify(pid),
          liveness: (identity) => processes.liveness(identity),
          terminate: () => lock.heartBeat(),
        },
      },
    });
    await expect(contender).rejects.toThrow(ErrLockBusy);
    await expect(lock.heartBeat()).resolves.toBeUndefined();
  });
});

/** The world's files, as if they belonged to that user. */
function writtenBy(world: World, uid: number): Store {
  const fstatSync = (descriptor: number) => Object.assign(systemFileSystem.fstatSync(descriptor), { uid });
  return fileStore({ ...world.as(), fileSystem: fileSystemWith({ fstatSync }) });
}

describe('a PID file', () => {
  const timeouts = [1, HOUR, Number.POSITIVE_INFINITY];

  it.runIf(process.platform === 'linux')(
    'is taken over at once when its PID was given to another process',
    async () => {
      for (const staleTimeout of timeouts) {
        for (const write of [
          (world: World, pid: number) => world.write(`${pid}\n`),
          (world: World, pid: number) =>
            world.write(`{"process_id":${pid},"timestamp":"${new Date(world.clock.now()).toISOString()}"}`),
        ]) {
          const world = new World();
          const holder = world.processes.start();
          write(world, holder.pid);
          await world.clock.advance(MINUTE);
          await expect(world.acquire(undefined, { staleTimeout: HOUR })).rejects.toThrow(ErrLockBusy);
          holder.recycle();
          await world.acquire(undefined, { staleTimeout, heartbeatMinimalInterval: 0 });
        }
      }
    },
  );

  it('is respected without a stale timeout as long as the process that wrote it lives', async () => {
    const world = new World();
    const holder = world.processes.start();
    await world.clock.advance(MINUTE);
    world.write(`${holder.pid}\n`);
    await world.clock.advance(100 * DAY);
    await expect(world.acquire(undefined, { staleTimeout: Number.POSITIVE_INFINITY })).rejects.toThrow(
      ErrLockBusy,
    );
  });

  it.runIf(process.platform === 'linux')(
    'proves nothing if its time, or the time in it, is in the future',
    async () => {
      for (const [timestamp, changedAt] of [
        [HOUR, 0],
        [0, HOUR],
      ] as const) {
        const world = new World();
        const holder = world.processes.start();
        const now = world.clock.now();
        world.write(
          `{"process_id":${holder.pid},"timestamp":"${new Date(now + timestamp).toISOString()}"}`,
          now + changedAt,
        );
        await world.clock.advance(MINUTE);
        holder.recycle();
        await expect(world.acquire()).rejects.toThrow(/cannot be checked from here/);
      }
    },
  );
});

describe('a path that is not a lock file', () => {
  it('is refused when it is a folder or a symbolic link, and is left unchanged', async () => {
    const world = new World();
    mkdirSync(world.path);
    await expect(world.acquire()).rejects.toMatchObject({
      code: 'EISDIR',
      message: expect.stringContaining(world.path),
    });

    const link = join(world.folder, 'link');
    symlinkSync('elsewhere', link);
    await expect(acquire(link)).rejects.toMatchObject({
      code: 'ELOOP',
      message: expect.stringContaining('symbolic link'),
    });
    expect(world.files).toEqual(['job.lock', 'link']);
  });

  it.runIf(process.platform !== 'win32')(
    'is refused when it is a FIFO, without waiting for its writer',
    async () => {
      const world = new World();
      execFileSync('mkfifo', [world.path]);
      await expect(world.acquire()).rejects.toMatchObject({
        code: 'EINVAL',
        message: expect.stringContaining('a FIFO'),
      });
    },
  );

  it.runIf(process.platform === 'linux')('is refused when its folder cannot be created', async () => {
    await expect(acquire('/proc/livinglock/job.lock')).rejects.toMatchObject({ code: 'ENOENT' });
    const world = new World();
    world.write('in the way');
    await expect(acquire(join(world.path, 'a', 'job.lock'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.skipIf(process.platform === 'win32')(
    'is refused when its folder is a dangling symbolic link, which is not the same as busy',
    async () => {
      const world = new World();
      const link = join(world.folder, 'link');
      symlinkSync(join(world.folder, 'unmounted'), link);
      await expect(acquire(join(link, 'job.lock'), { wait: '1h' })).rejects.toMatchObject({
        code: 'ENOENT',
        message: expect.stringContaining(`the folder '${link}' is a dangling symbolic link`),
      });
      mkdirSync(join(world.folder, 'unmounted'));
      const lock = await acquire(join(link, 'job.lock'));
      await lock.release();
    },
  );

  it('is not retried forever when the store says one thing and does another', async () => {
    const world = new World();
    const files = fileStore(world.as());
    const store = {
      resolve: (name: string) => files.resolve(name),
      read: () => null,
      claim: async () => ({ done: false, found: null }) as const,
      beat: files.beat,
      remove: files.remove,
    };
    for (const wait of [0, '1h'] as const) {
      await expect(world.acquire(undefined, { store, wait })).rejects.toMatchObject({
        name: 'ErrLockStore',
        code: 'ERR_LOCK_UNCHANGED',
        isInDoubt: false,
        message: expect.stringContaining('although nothing has changed'),
      });
    }
  });

  it('is busy, after some tries, when the lock keeps changing between a reading and the claim', async () => {
    const world = new World();
    const files = fileStore(world.as());
    let reads = 0;
    const store: Store = {
      ...files,
      read() {
        reads += 1;
        return { version: String(reads), record: null, age: HOUR, provenance: 'unknown' };
      },
      claim: async () => ({ done: false, found: null }),
    };
    await expect(world.acquire(undefined, { store })).rejects.toMatchObject({
      code: 'ERR_LOCK_BUSY',
      message: expect.stringContaining('keeps changing while it is being read'),
    });
  });

  it('does not judge forever when the store names another holder each time', async () => {
    const world = new World();
    const files = fileStore(world.as());
    let reads = 0;
    const store: Store = {
      resolve: (name) => files.resolve(name),
      read() {
        reads += 1;
        if (reads > 1000) throw new Error('read a thousand times');
        const record = someRecord({ token: String(reads) });
        return { version: String(reads), record, age: 0, provenance: 'unknown' };
      },
      askHolder: async () => 'unknown',
      claim: files.claim,
      beat: files.beat,
      remove: files.remove,
    };
    await expect(inspect(world.path, { store, dependencies: world.as() })).rejects.toThrow(
      /keeps changing while it is being read/,
    );
  });
});

describe('a file that a crash left behind', () => {
  const contents: [string, string | Uint8Array][] = [
    ['empty', ''],
    ['NUL bytes', new Uint8Array(4096)],
    ['one letter', '{'],
    ['cut off', '{"process_id":4242,"timest'],
    ['PID 0', '{"process_id":0,"timestamp":"2026-01-01T00:00:00Z"}'],
    ['PID -1', '{"process_id":-1,"timestamp":"2026-01-01T00:00:00Z"}'],
  ];

  it.each(contents)('is left alone while it is new, and then taken over: %s', async (_name, content) => {
    const world = new World();
    // The kernel stamps each change with its own clock, so here the fake one follows it.
    world.clock.stepWallClock(Date.now() - world.clock.now());
    world.write(content);
    await expect(world.acquire()).rejects.toThrow(/names no holder yet/);
    await world.clock.advance(5 * SECOND);
    await world.acquire(undefined, { terminateStalled: true });
    expect(world.processes.signals).toEqual([]);
    expect(world.files).toEqual(['job.lock']);
  });
});

describe('a file that was changed just now', () => {
  it('is left alone whatever time it was given, as by `cp -p`', async () => {
    const world = new World();
    world.clock.stepWallClock(Date.now() - world.clock.now());
    world.write('{', world.clock.now() - DAY);
    await expect(world.acquire()).rejects.toThrow(/names no holder yet/);
    await world.clock.advance(5 * SECOND);
    await world.acquire();
  });
});

describe('a file that is not a lock', () => {
  const contents: [string, string | Uint8Array, string][] = [
    ['a script', '#!/bin/sh\necho import runs\n', 'which begins with "#!/bin/sh\\necho import runs\\n"'],
    ['binary', new Uint8Array([0, 255, 254, 0, 1]), 'which begins with'],
    ['10 MB', 'x'.repeat(10_000_000), `which begins with "${'x'.repeat(40)}"`],
    ['nested JSON', '['.repeat(50_000), 'which begins with "[['],
    ['a PID that no process can have', '2147483648', 'which begins with "2147483648"'],
    ['an escape sequence', '\u001b]0;owned\u0007\u202e', 'which begins with "\\u001b]0;owned\\u0007\ufffd"'],
  ];

  it.each(contents)('is never touched, and reported as not a lock: %s', async (_name, content, words) => {
    const world = new World();
    world.write(content, world.clock.now() - DAY);
    const before = statSync(world.path);
    const expected = { name: 'ErrNotALock', code: 'ERR_NOT_A_LOCK', lock: world.path };
    const store = fileStore(world.as());
    const claim = vi.spyOn(store, 'claim');
    for (const options of [{}, { wait: '1h' }, { terminateStalled: true }, { staleTimeout: 1 }] as const) {
      await expect(
        world.acquire(undefined, { heartbeatMinimalInterval: 0, store, ...options }),
      ).rejects.toMatchObject({ ...expected, message: expect.stringContaining(words) });
    }
    expect(claim).not.toHaveBeenCalled();
    for (const force of [false, true]) {
      await expect(breakLock(world.path, { force, dependencies: world.as() })).rejects.toMatchObject(
        expected,
      );
    }
    expect(await inspect(world.path, { dependencies: world.as() })).toEqual({
      name: world.path,
      state: 'foreign',
      reason: expect.stringContaining(words),
      holder: null,
      heartbeatAge: null,
      processes: [],
    });
    expect(readFileSync(world.path).equals(Buffer.from(content))).toBe(true);
    expect(statSync(world.path)).toMatchObject({
      ino: before.ino,
      mtimeMs: before.mtimeMs,
      mode: before.mode,
    });
    expect(world.files).toEqual(['job.lock']);
  });

  it('makes the holder lose the lock, and is not removed', async () => {
    const world = new World();
    const [beating, releasing] = [await world.acquire(), 'mine'];
    world.write(releasing);
    await expect(beating.heartBeat()).rejects.toThrow(ErrLockLost);
    await expect(beating.release()).rejects.toThrow(ErrLockLost);
    expect(world.text).toBe('mine');
  });
});

describe('a claim that was carried out although its answer was lost', () => {
  it('is recognized by its process even after another, waiting call has given up', async () => {
    const world = new World();
    const holder = await world.acquire(world.processes.start());
    const stopping = new AbortController();
    const waiting = world.acquire(undefined, { wait: '1h', signal: stopping.signal });
    const stopped = expect(waiting).rejects.toBe('enough');
    await world.clock.advance(1);
    await holder.release();

    const files = fileStore(world.as());
    const lossy: Store = {
      resolve: (name) => files.resolve(name),
      read: (name) => files.read(name),
      claim: async (...claim) => {
        await files.claim(...claim);
        throw systemError('EIO', 'link');
      },
      beat: (...beat) => files.beat(...beat),
      remove: (...removal) => files.remove(...removal),
    };
    await expect(world.acquire(undefined, { store: lossy })).rejects.toMatchObject({ code: 'EIO' });
    stopping.abort('enough');
    await stopped;

    const lock = await world.acquire();
    await lock.heartBeat();
  });
});
