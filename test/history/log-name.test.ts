import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idOf, logName, runOfLog } from '../../src/history/log-name.js';

const OWNER = { lock: '/run/livinglock/import.lock', store: null };
const TOKEN = 'c2b1e0ff-3c1e-4f3e-9a51-0c4c3b0d6a11.00000001';
const TIME = new Date('2026-11-26T02:00:01.250Z');

describe('the name of a log', () => {
  it('tells the lock, the time and the run, but not the whole token', () => {
    const name = logName(OWNER, TIME, TOKEN);
    expect(name).toMatch(/^import-[0-9a-f]{16}-20261126T020001250Z-c2b1e0ff\.log$/);
    expect(runOfLog(OWNER, name)).toEqual({ startedAt: TIME, id: idOf(TOKEN) });
  });

  it('is in the order of the runs', () => {
    const times = fc.date({
      min: new Date('1971-01-01'),
      max: new Date('9999-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(times, times, (one, other) => {
        const isBefore = logName(OWNER, one, TOKEN) < logName(OWNER, other, TOKEN);
        expect(isBefore).toBe(one < other);
        expect(runOfLog(OWNER, logName(OWNER, one, TOKEN))?.startedAt).toEqual(one);
      }),
    );
  });

  it('is not that of a log of another lock', () => {
    const name = logName(OWNER, TIME, TOKEN);
    expect(runOfLog({ lock: '/elsewhere/import.lock', store: null }, name)).toBeNull();
    expect(runOfLog({ ...OWNER, store: 'postgres://db' }, name)).toBeNull();
  });

  it.each([
    (name: string) => `${name}.gz`,
    (name: string) => `x${name}`,
    (name: string) => name.replace('Z-', 'Z-/../'),
    (name: string) => name.replace(/T\d+/, 'T2'),
    (name: string) => name.replace(/-\w+\.log/, '.log'),
    (name: string) => name.replace('20261126T020001250', '99999999T999999999'),
    (name: string) => name.replace('20261126', '20260231'),
  ])('is not one that somebody else gives: %#', (change) => {
    expect(runOfLog(OWNER, change(logName(OWNER, TIME, TOKEN)))).toBeNull();
  });
});
