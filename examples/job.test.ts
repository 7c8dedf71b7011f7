// How to test a job of your own: what it does when another run is at work, is dead, hangs, or takes over.
// The clock and the processes are fakes: an hour passes at once, and the tests are deterministic.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquire, ErrLockLost, inspect } from 'livinglock';
import { FakeClock, FakeProcessTable } from 'livinglock/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { remind } from './job.js';

const HOUR = 3_600_000;

describe('remind', () => {
  let folder: string;
  let lock: string;
  let clock: FakeClock;
  let processes: FakeProcessTable;
  let sent: string[];
  const send = async (customer: string) => void sent.push(customer);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'remind-'));
    lock = join(folder, 'remind.lock');
    clock = new FakeClock();
    processes = new FakeProcessTable(clock);
    sent = [];
  });

  afterEach(() => rm(folder, { recursive: true }));

  function run(customers: readonly string[]) {
    return remind(customers, { lock, send, dependencies: { clock, processes } });
  }

  /** Starts another process, which acquires the lock. */
  async function startOther() {
    const other = processes.start();
    await acquire(lock, { dependencies: { clock, processes: processes.as(other) } });
    return other;
  }

  test('reminds everyone and releases the lock', async () => {
    expect(await run(['Ada', 'Grace'])).toBe(2);
    expect(sent).toEqual(['Ada', 'Grace']);
    expect(await inspect(lock, { dependencies: { clock, processes } })).toMatchObject({ state: 'free' });
  });

  test('sends nothing while another run is at work', async () => {
    await startOther();
    expect(await run(['Ada', 'Grace'])).toBe('busy');
    expect(sent).toEqual([]);
  });

  test('takes over at once from a run that was killed', async () => {
    const other = await startOther();
    other.kill();
    expect(await run(['Ada', 'Grace'])).toBe(2);
  });

  test('takes over from a run that hangs, once its stale timeout has passed', async () => {
    await startOther();
    await clock.advance(HOUR);
    expect(await run(['Ada', 'Grace'])).toBe('busy');
    await clock.advance(1);
    expect(await run(['Ada', 'Grace'])).toBe(2);
  });

  test('sends no more mail after it has hung and was taken over', async () => {
    const hang = async (customer: string) => {
      sent.push(customer);
      if (customer !== 'Grace') return;
      // The heartbeat just before was written when the minimal interval was over.
      await clock.advance(1.1 * HOUR);
      await startOther();
    };
    const running = remind(['Ada', 'Grace', 'Edsger'], {
      lock,
      send: hang,
      dependencies: { clock, processes },
    });
    await expect(running).rejects.toThrow(ErrLockLost);
    expect(sent).toEqual(['Ada', 'Grace']);
  });

  test('keeps the lock for many hours, because it sends heartbeats', async () => {
    const slow = async (customer: string) => {
      sent.push(customer);
      await clock.advance(0.9 * HOUR);
      expect(await run(['someone'])).toBe('busy');
    };
    const customers = ['Ada', 'Grace', 'Edsger'];
    expect(await remind(customers, { lock, send: slow, dependencies: { clock, processes } })).toBe(3);
    expect(sent).toEqual(customers);
  });
});
