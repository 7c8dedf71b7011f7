import type { Clock } from '../system/clock.js';
import { callEvery } from './call-every.js';
import type { Store } from './store.js';

/** How often to look for a claim that was given up, in milliseconds, and how many times: for an hour. */
const PERIOD = 30_000;
const LOOKS = 120;

/**
 * Takes back a claim that was given up, should the store have carried it out, or do so yet: a server may come to it only when the
 * transaction ends that is in its way. This process lives, so nobody else could take the lock before its stale timeout.
 *
 * By its token, which no other claim has.
 */
export function takeBackLater(name: string, token: string, store: Store, clock: Clock): void {
  let looks = 0;
  const stop = callEvery(PERIOD, clock, () => {
    looks += 1;
    if (looks === LOOKS) stop();
    takeBack(name, token, store).then(
      (isDone) => isDone && stop(),
      // Away again. The next look finds it too.
      () => {},
    );
  });
}

async function takeBack(name: string, token: string, store: Store): Promise<boolean> {
  const stored = await store.read(name);
  if (stored?.record?.token !== token) return false;
  const { done } = await store.remove(name, token);
  return done;
}
