import type { Held, Rival } from './rival.js';

/** Takes a lock that is known to be free. */
export async function hold(rival: Rival, lock: string): Promise<Held> {
  const held = await rival.acquire(lock);
  if (held === null) throw new Error(`${rival.name} says that ${lock} is busy, although nobody holds it`);
  return held;
}
