import { describe, expect, it, onTestFinished } from 'vitest';
import { ErrLockStore } from '../../../src/core/errors.js';
import type { LeaseEvent } from '../../../src/core/held/lease-machine.js';
import { LeaseMonitor } from '../../../src/core/held/lease-monitor.js';
import type { Store, Stored } from '../../../src/core/store.js';
import { FakeClock, memoryStore } from '../../../src/testing/index.js';
import { HOUR, MINUTE, SECOND, someRecord } from '../../../support/world.js';

/** A monitor of a lease that was confirmed at the start, with a store that answers as the test says. */
function monitorOf(
  answer: (askedFor: number) => Promise<Stored | null> | Stored | null,
  staleTimeout = HOUR,
) {
  const clock = new FakeClock();
  const start = clock.monotonic();
  const told: LeaseEvent[] = [];
  let asked = 0;
  let confirmedAt: number | null = start;
  const store: Store = { ...memoryStore({ clock }), resolve: (name) => name, read: () => answer(++asked) };
  const monitor = new LeaseMonitor(
    { name: 'nightly', token: 'mine', store, clock, staleTimeout },
    {
      confirmedAt: () => confirmedAt,
      tell: (event) => {
        told.push(event);
        if (event.type === 'confirmed' && event.beatAt !== null) confirmedAt = event.beatAt;
      },
    },
  );
  onTestFinished(() => monitor.end());
  return {
    clock,
    start,
    monitor,
    told,
    asked: () => asked,
    end: () => {
      confirmedAt = null;
      monitor.end();
    },
  };
}

function stored(age: number, token = 'mine'): Stored {
  return { version: '1', record: someRecord({ token }), age, provenance: 'this-boot' };
}

const AWAY = new Error('connect ECONNREFUSED 10.0.0.5:5432');
const away = () => Promise.reject(AWAY);

describe('a lease monitor', () => {
  it('reports when the last heartbeat in the store was, unless its age says nothing', async () => {
    const ages = [5 * SECOND, 0];
    const { clock, start, told } = monitorOf((asked) => stored(ages[asked - 1] ?? 0));
    await clock.advance(MINUTE);
    expect(told.filter(({ type }) => type === 'confirmed')).toEqual([
      { type: 'confirmed', beatAt: start + 25 * SECOND },
      { type: 'confirmed', beatAt: null },
    ]);
  });

  it('reports another holder, a lock that is gone, and what went wrong', async () => {
    const other = stored(1, 'other');
    const { clock, start, told } = monitorOf((asked) => (asked === 1 ? other : asked === 2 ? null : away()));
    await clock.advance(90 * SECOND);
    expect(told.filter(({ type }) => type !== 'time')).toEqual([
      { type: 'gone', successor: other.record, toldTo: 'others' },
      { type: 'gone', successor: null, toldTo: 'others' },
      { type: 'unanswered', at: start + 90 * SECOND, cause: AWAY },
    ]);
  });

  it('asks at once after a heartbeat that failed near the deadline, and only there', async () => {
    const { clock, monitor, asked } = monitorOf(away);
    monitor.heartbeatFailed(AWAY);
    expect(asked()).toBe(0);
    await clock.advance(HOUR - 5 * SECOND);
    const before = asked();
    monitor.heartbeatFailed(AWAY);
    expect(asked()).toBe(before + 1);
  });

  it('tells of a heartbeat that was refused by a server which takes no writes, as reads do not', () => {
    const { told, monitor, start } = monitorOf(() => stored(0));
    const refusal = (code: string) => new ErrLockStore('nightly', code, 'It was refused.');
    monitor.heartbeatFailed(refusal('ENOSPC'));
    expect(told).toEqual([]);
    for (const cause of [refusal('READONLY'), refusal('25006')]) {
      monitor.heartbeatFailed(cause);
      expect(told.pop()).toEqual({ type: 'demoted', at: start, cause });
    }
  });

  it('counts an answer that arrived by the deadline', async () => {
    const late: { answer?: () => Promise<Stored> } = {};
    const { clock, told, start } = monitorOf(() => late.answer?.() ?? stored(0), HOUR + 10 * SECOND);
    await clock.advance(HOUR);
    // Between two checks, it arrives at the deadline itself, just after this process was woken up for that.
    late.answer = async () => {
      await clock.sleep(1 * SECOND);
      await clock.sleep(4 * SECOND);
      return stored(MINUTE);
    };
    await clock.advance(10 * SECOND);
    expect(told.filter(({ type }) => type === 'unanswered')).toEqual([]);
    expect(told).toContainEqual({ type: 'confirmed', beatAt: start + HOUR + 5 * SECOND - MINUTE });
  });

  it('does not count an answer as missing at the deadline if it was asked for too late', async () => {
    const { clock, told } = monitorOf(() => new Promise(() => {}), 2 * SECOND);
    const sleep = clock.sleep.bind(clock);
    // This process gets no time between the last second and the deadline.
    clock.sleep = (milliseconds, options) => sleep(milliseconds + 2 * SECOND, options);
    await clock.advance(3.9 * SECOND);
    expect(told.filter(({ type }) => type === 'unanswered')).toEqual([]);
    await clock.advance(10 * SECOND);
    expect(told.some(({ type }) => type === 'unanswered')).toBe(true);
  });

  it('reports at the deadline that a heartbeat is unanswered', async () => {
    const { clock, start, monitor, told } = monitorOf(() => stored(0));
    monitor.heartbeatSent();
    await clock.advance(HOUR);
    expect(told).toContainEqual({ type: 'unanswered', at: start + HOUR });
    told.length = 0;
    monitor.heartbeatAnswered();
    await clock.advance(HOUR);
    expect(told.filter(({ type }) => type === 'unanswered')).toEqual([]);
  });

  it('does not count a failed heartbeat as unanswered', async () => {
    const { clock, monitor, told } = monitorOf(() => stored(0));
    monitor.heartbeatSent();
    monitor.heartbeatFailed(AWAY);
    await clock.advance(2 * HOUR);
    expect(told.filter(({ type }) => type === 'unanswered')).toEqual([]);
  });

  it('asks four times within a short stale timeout', async () => {
    const { clock, asked } = monitorOf(() => stored(0), 20 * SECOND);
    await clock.advance(5 * SECOND);
    expect(asked()).toBe(1);
  });

  it('also finds the next deadline after one was postponed', async () => {
    // No deadline coincides with a look: looks are half a minute apart.
    const staleTimeout = HOUR + 10 * SECOND;
    const { clock, start, told } = monitorOf((asked) => {
      if (clock.monotonic() - start < HOUR + 5 * SECOND) return stored(0);
      return asked === 121 ? stored(MINUTE) : new Promise(() => {});
    }, staleTimeout);
    await clock.advance(3 * HOUR);
    const confirmedAt = start + HOUR + 5 * SECOND - MINUTE;
    expect(told).toContainEqual({ type: 'confirmed', beatAt: confirmedAt });
    expect(told).toContainEqual({ type: 'unanswered', at: confirmedAt + staleTimeout });
  });

  it('stops asking and sleeping once the lease is over', async () => {
    const { clock, asked, end, monitor } = monitorOf(away, 20 * SECOND);
    await clock.advance(SECOND);
    end();
    const before = asked();
    monitor.heartbeatFailed(AWAY);
    await clock.advance(HOUR);
    expect(asked()).toBe(before);
    expect(clock.sleeping).toBe(0);
  });
});
