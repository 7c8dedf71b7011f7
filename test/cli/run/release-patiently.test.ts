import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { releasePatiently } from '../../../src/cli/run/supervision.js';
import { acquire, ErrLockLost, type Lock, systemClock } from '../../../src/index.js';
import { memoryStore } from '../../../src/testing/index.js';
import { SECOND } from '../../../support/world.js';
import { messages, someLocks } from './stage.js';

const AWAY = new Error('The database is away.');

describe('a release after a run', () => {
  let lock: Lock;
  let tries: number;
  let now: number;

  beforeEach(async () => {
    lock = await acquire('nightly', { store: memoryStore() });
    tries = 0;
    now = 0;
    vi.spyOn(systemClock, 'monotonic').mockImplementation(() => now);
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await lock.release();
  });

  let signal: () => void = () => {};
  const signals = {
    passTo(receiver: (signal: NodeJS.Signals) => void) {
      signal = () => receiver('SIGTERM');
    },
  };
  const release = (address: string) => releasePatiently(lock, someLocks({ address }), signals);

  /** Each try takes so long, and fails. */
  function failing(error: Error, duration: number, times = Number.POSITIVE_INFINITY): void {
    vi.spyOn(lock, 'release').mockImplementation(async () => {
      tries += 1;
      now += duration;
      if (tries <= times) throw error;
    });
  }

  it('is tried once more when a database is back', async () => {
    failing(AWAY, 30 * SECOND - 1, 1);
    await release('redis://db-1');
    expect(tries).toBe(2);
  });

  it('says once what it is waiting for, and no longer waits after a signal', async () => {
    const said = messages();
    failing(AWAY, 0);
    const released = expect(release('redis://db-1')).rejects.toBe(AWAY);
    await vi.waitFor(() => expect(tries).toBe(2), { timeout: 20_000 });
    expect(said).toEqual([
      expect.stringContaining(
        `${AWAY.message} The command is over. Trying for 30 seconds to release its lock.`,
      ),
    ]);
    signal();
    await released;
  });

  it('gives up after half a minute', async () => {
    failing(AWAY, 30 * SECOND);
    await expect(release('redis://db-1')).rejects.toBe(AWAY);
    expect(tries).toBe(1);
  });

  it('of a lock file, or of a lost lock, is tried once', async () => {
    failing(AWAY, 0);
    await expect(release('')).rejects.toBe(AWAY);
    const lost = new ErrLockLost('nightly', null);
    failing(lost, 0);
    await expect(release('redis://db-1')).rejects.toBe(lost);
    expect(tries).toBe(2);
  });

  it('does nothing without a lock', async () => {
    await expect(releasePatiently(null, someLocks(), signals)).resolves.toBeUndefined();
  });
});
