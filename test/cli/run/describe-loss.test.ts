import { describe, expect, it, vi } from 'vitest';
import { describeLoss } from '../../../src/cli/run/describe-loss.js';
import { ErrLockLost, ErrLockStore } from '../../../src/index.js';
import { someRecord } from '../../../support/world.js';

describe('the message about a lost lock', () => {
  it('names who holds it now, and since when, and leaves open how they got it', () => {
    vi.useFakeTimers({ now: new Date('2026-01-02T03:04:09.678Z'), toFake: ['Date'] });
    const text = describeLoss('nightly', new ErrLockLost('nightly', someRecord()));
    vi.useRealTimers();
    expect(text).toMatch(
      /^nightly was lost: it is now held by PID 4242 .*last heartbeat 4 seconds ago.*\. That run took it over, or got it after somebody had broken or overwritten it\. This run is no longer exclusive\.$/,
    );
  });

  it('says that nobody has it now', () => {
    const text = 'somebody broke it or overwrote it, or another run took it over and has ended since';
    expect(describeLoss('nightly', new ErrLockLost('nightly', null))).toContain(text);
    expect(describeLoss('nightly', new Error('made up'))).toContain(text);
  });

  it('is the error itself where the loss is not certain', () => {
    const cause = new ErrLockStore('nightly', 'EIO', 'made up', { isInDoubt: true });
    const loss = new ErrLockLost('nightly', null, { since: 5000, cause });
    expect(loss.isCertain).toBe(false);
    expect(describeLoss('nightly', loss)).toBe(loss.message);
  });
});
