import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { acquireOrYield } from '../../../src/cli/run/acquire-or-yield.js';
import type { RunSettings } from '../../../src/cli/run/options/run-options.js';
import { Signals } from '../../../src/cli/run/processes/pass-signals.js';
import { CommandSign } from '../../../src/cli/run/sign/command-sign.js';
import type { Locks } from '../../../src/cli/stores/locks.js';
import { acquire, ErrLockStore, type Lock, type Store, systemClock } from '../../../src/index.js';
import { memoryStore } from '../../../src/testing/index.js';
import { SECOND } from '../../../support/world.js';
import { messages, silentRecorder, someLocks, someOptions } from './stage.js';

describe('the lock of a run', () => {
  let locks: Locks;
  let signals: Signals;
  let said: string[];
  const held: Lock[] = [];

  beforeEach(() => {
    locks = someLocks();
    signals = new Signals(false);
    said = messages();
    onTestFinished(() => signals.stopListening());
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    for (const lock of held.splice(0)) await lock.release().catch(() => {});
  });

  const rest = {
    descriptors: [],
    leaveInput: () => {},
    inheritedSocket: null,
    commandSign: new CommandSign(),
    recorder: silentRecorder(),
  };

  async function acquired(changes: Partial<RunSettings> = {}, command = ['make', 'it all']) {
    const task = { name: 'nightly', locks, command, options: someOptions(changes), signals, ...rest };
    const admission = await acquireOrYield(task);
    if (admission.is === 'held') held.push(admission.lock);
    return admission;
  }

  async function hold(options: Parameters<typeof acquire>[1] = {}): Promise<Lock> {
    const lock = await acquire('nightly', { store: locks.store, command: 'other', ...options });
    held.push(lock);
    return lock;
  }

  /** A store whose claims fail with these errors, one after the other. */
  function failing(...errors: readonly Error[]): Store {
    const store = memoryStore();
    const left = [...errors];
    return {
      resolve: (name) => store.resolve(name),
      read: (name) => {
        const error = left.shift();
        if (error !== undefined) throw error;
        return store.read(name);
      },
      claim: (...claim) => store.claim(...claim),
      beat: (...beat) => store.beat(...beat),
      remove: (...removal) => store.remove(...removal),
    };
  }

  const away = () => new ErrLockStore('nightly', 'ECONNREFUSED', 'away', { isInDoubt: false });

  it('is described by the command line, by a line for the shell, or by a label', async () => {
    const commandOf = async (changes: Partial<RunSettings>) => {
      const admission = await acquired(changes);
      const { record } = (await locks.store.read('nightly')) ?? {};
      if (admission.is === 'held') await admission.lock.release();
      return record?.command;
    };
    expect(await commandOf({})).toBe("make 'it all'");
    expect(await commandOf({ line: 'make | tee' })).toBe('make | tee');
    expect(await commandOf({ line: 'make | tee', label: 'nightly build' })).toBe('nightly build');
    expect(said).toEqual([]);
  });

  it('has the options of the run', async () => {
    await acquired({ staleTimeout: 7 * SECOND, heartbeatInterval: 1, owner: 'web-1', holdAtLeast: 5 });
    expect((await locks.store.read('nightly'))?.record).toMatchObject({
      staleTimeout: 7 * SECOND,
      owner: 'web-1',
      process: { pid: process.pid },
    });
  });

  it('is left to its holder, who is named', async () => {
    await hold();
    expect(await acquired({ conflictExitCode: 9 })).toEqual({ is: 'over', status: 9 });
    // Here the holder is this process.
    expect(said).toEqual([
      expect.stringMatching(
        /nightly is held by PID \d+ .*\(other in .*, last heartbeat .* ago; .* itself\. Not run; --wait 30s waits for it\.\n$/,
      ),
    ]);
  });

  it('is left to its holder without a word on request', async () => {
    await hold();
    expect(await acquired({ quiet: true })).toEqual({ is: 'over', status: 75 });
    expect(await acquired({ quiet: true, wait: 1 })).toEqual({ is: 'over', status: 75 });
    expect(said).toEqual([]);
  });

  it('is not needed by force, which is said even to the quiet', async () => {
    await hold();
    expect(await acquired({ force: true, quiet: true })).toEqual({ is: 'beside', lock: null });
    expect(said).toEqual([expect.stringMatching(/WARNING: nightly is held by .*WITHOUT the lock/)]);
  });

  it('is waited for', async () => {
    const other = await hold();
    const waiting = acquired({ wait: 60 * SECOND });
    await vi.waitFor(() => expect(said).toHaveLength(1));
    await other.release();
    expect(await waiting).toMatchObject({ is: 'held', lock: { name: 'nightly' } });
    expect(said).toEqual([expect.stringMatching(/is held by .*\. Waiting for up to 1 minute\.\n$/)]);
  });

  it('is waited for without an end', async () => {
    const other = await hold();
    const waiting = acquired({ wait: Number.POSITIVE_INFINITY });
    await vi.waitFor(() => expect(said).toHaveLength(1));
    expect(said).toEqual([expect.stringMatching(/is held by .*\. Waiting\.\n$/)]);
    await other.release();
    expect(await waiting).toMatchObject({ is: 'held', lock: { name: 'nightly' } });
  });

  it('is given up when the time is over', async () => {
    await hold();
    expect(await acquired({ wait: 1 })).toEqual({ is: 'over', status: 75 });
    expect(said).toEqual([expect.stringContaining('Waiting'), expect.stringMatching(/\. Not run\.\n$/)]);
  });

  it('is given up at a signal', async () => {
    await hold();
    const waiting = acquired({ wait: 60 * SECOND });
    await vi.waitFor(() => expect(said).toHaveLength(1));
    receive('SIGTERM');
    expect(await waiting).toEqual({ is: 'over', status: 143 });
  });

  /** As if the signal arrived. Whatever runs the tests listens as well. */
  function receive(signal: 'SIGTERM'): void {
    const listener = process.listeners(signal).at(-1);
    if (listener !== undefined) Reflect.apply(listener, process, [signal]);
  }

  it('is waited for while a database is restarted', async () => {
    const other = await hold();
    const { store } = locks;
    const errors = [away()];
    let reads = 0;
    const read: Store['read'] = (name) => {
      const error = reads++ === 0 ? undefined : errors.shift();
      if (error !== undefined) throw error;
      return store.read(name);
    };
    locks = someLocks({
      store: { ...failing(), read, claim: (...claim) => store.claim(...claim) },
      address: 'x',
    });
    vi.spyOn(systemClock, 'monotonic');
    const waiting = acquired({ wait: 60 * SECOND });
    await vi.waitFor(() => expect(errors).toEqual([]));
    await other.release();
    expect(await waiting).toMatchObject({ is: 'held', lock: { name: 'nightly' } });
  });

  it.each([
    { where: 'a database, without waiting', address: 'x', wait: 0 },
    { where: 'a file', address: '', wait: 60 * SECOND },
  ])('fails with the error of its store: $where', async ({ address, wait }) => {
    const error = away();
    locks = someLocks({ store: failing(error), address });
    await expect(acquired({ wait })).rejects.toBe(error);
    expect(said).toEqual([]);
  });

  it('is not to be had by this run though the holder has stalled by its own stale timeout', async () => {
    await hold({ staleTimeout: '1ms' });
    await vi.waitFor(async () => expect((await locks.store.read('nightly'))?.age).toBeGreaterThan(1));
    expect(await acquired()).toEqual({ is: 'over', status: 75 });
    expect(said).toEqual([expect.stringContaining('--stale-timeout 0.001s would take it over')]);
  });

  it('counts as held for a while after a release', async () => {
    const other = await hold({ holdAtLeast: '1h' });
    await other.release();
    expect(await acquired({ staleTimeout: 1, heartbeatInterval: 0 })).toEqual({ is: 'over', status: 75 });
    expect(said).toEqual([expect.stringMatching(/was released .*\(--hold-at-least\)\. Not run/)]);
  });
});
