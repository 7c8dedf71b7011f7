import { expect, test } from 'vitest';
import type { Awaitable, Claim, Store } from '../src/core/store.js';
import { FakeProcessTable } from '../src/testing/index.js';
import { bareClaim } from './claim.js';

const NAME = 'late-copies';
const HOUR = 3_600_000;

/** A network may deliver a statement once more, long after its repetition on another connection was answered. The holder has gone on meanwhile. */
export function testLateCopies(open: () => Awaitable<Store>): void {
  test('a claim that arrives again after its lock was released holds nothing', async () => {
    const store = await open();
    const claim = claimOf('first.copy');
    expect(await store.claim(NAME, claim)).toMatchObject({ done: true });
    await store.remove(NAME, claim.token);
    expect(await store.claim(NAME, claim)).toEqual({ done: false, found: null });
    expect(await store.read(NAME)).toBeNull();
    const next = claimOf('next');
    expect(await store.claim(NAME, next)).toMatchObject({ done: true });
    await store.remove(NAME, next.token);
  });

  test('a release that arrives again does not begin its hold again', async () => {
    const store = await open();
    const claim = claimOf('held.copy');
    await store.claim(NAME, claim);
    expect(await store.remove(NAME, claim.token, HOUR)).toMatchObject({ done: true });
    const released = await store.read(NAME);
    await store.remove(NAME, claim.token, HOUR);
    expect((await store.read(NAME))?.version).toBe(released?.version);
    await store.remove(NAME, claim.token);
  });
}

function claimOf(token: string): Claim {
  return bareClaim(token, new FakeProcessTable().self());
}
