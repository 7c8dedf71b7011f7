import { describe, expect, it } from 'vitest';
import { lockStatus } from '../../../src/cli/status/lock-status.js';
import type { Inspection } from '../../../src/index.js';
import { HOUR, MINUTE, SECOND, someRecord } from '../../../support/world.js';

describe('the status of a lock', () => {
  it.each([
    [0, MINUTE],
    [20 * SECOND, 40 * SECOND],
    [MINUTE, 0],
    [2 * MINUTE, 0],
  ])('%i ms after a release that holds it for a minute has a cooldown of %i ms', (age, left) => {
    expect(statusOf({ holder: someRecord({ hold: MINUTE }), heartbeatAge: age }).cooldownMs).toBe(left);
  });

  it('has no cooldown while somebody is at work, or where nobody holds it', () => {
    expect(statusOf({}).cooldownMs).toBeNull();
    expect(statusOf({ holder: null, heartbeatAge: null }).cooldownMs).toBeNull();
  });

  it.each([
    [2 * HOUR, 2 * HOUR],
    [null, HOUR],
    [Number.POSITIVE_INFINITY, null],
  ])('whose holder names a stale timeout of %s has %s', (staleTimeout, shown) => {
    expect(statusOf({ holder: someRecord({ staleTimeout }) }).staleTimeoutMs).toBe(shown);
  });
});

function statusOf(changes: Partial<Inspection>) {
  return lockStatus('backup', {
    name: '/locks/backup.lock',
    state: 'live',
    reason: 'it is alive and has not stalled',
    holder: someRecord(),
    heartbeatAge: 0,
    processes: [],
    ...changes,
  });
}
