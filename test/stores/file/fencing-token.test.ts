import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

/** A module that has handed out no token yet. */
async function freshTokens(): Promise<typeof import('../../../src/stores/file/fencing-token.js')> {
  vi.resetModules();
  return await import('../../../src/stores/file/fencing-token.js');
}

describe('a fencing token', () => {
  it('is the time in microseconds, so that it is greater than that of a lock which left nothing behind', async () => {
    const { nextFencingToken } = await freshTokens();
    const now = Date.UTC(2026, 0, 2);
    expect(nextFencingToken(0, now)).toBe(now * 1000);
  });

  it('is greater than the one before, and than all that this process has handed out, whatever the clock says', async () => {
    const { nextFencingToken } = await freshTokens();
    const latest = Date.UTC(2030, 0, 1);
    const moment = fc.record({ previous: fc.nat({ max: latest * 1000 }), now: fc.nat({ max: latest }) });
    let last = 0;
    fc.assert(
      fc.property(moment, ({ previous, now }) => {
        const token = nextFencingToken(previous, now);
        expect(token).toBeGreaterThan(previous);
        expect(token).toBeGreaterThan(last);
        expect(token).toBeGreaterThanOrEqual(now * 1000);
        last = token;
      }),
    );
  });

  it('follows that of a holder whose clock is ahead', async () => {
    const { nextFencingToken } = await freshTokens();
    const now = Date.UTC(2026, 0, 2);
    const ahead = now * 1000 + 5_000_000;
    expect(nextFencingToken(ahead, now)).toBe(ahead + 1);
    expect(nextFencingToken(ahead + 1, now)).toBe(ahead + 2);
  });
});
