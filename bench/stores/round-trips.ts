import type { CountedField } from './engines/engine.js';
import { hold } from './rivals/hold.js';
import type { Rival } from './rivals/rival.js';

/** How many round trips to the engine each operation takes. */
export interface RoundTrips {
  readonly name: string;
  readonly acquire: number;
  readonly busyAcquire: number;
  /** `null` if the rival has no heartbeat. */
  readonly beat: number | null;
  readonly release: number;
}

/** Measures each rival, one after the other. */
export async function countRoundTrips(field: CountedField): Promise<RoundTrips[]> {
  const counts: RoundTrips[] = [];
  for (const rival of field.rivals) {
    const lock = field.newLock();
    // The first time makes tables, connects, and sends scripts.
    await countOnce(rival, lock, field);
    counts.push(await countOnce(rival, lock, field));
  }
  return counts;
}

async function countOnce(rival: Rival, lock: string, { count }: CountedField): Promise<RoundTrips> {
  const before = count();
  const held = await hold(rival, lock);
  const acquired = count();
  await rival.acquire(lock);
  const turnedAway = count();
  await held.beat?.();
  const beaten = count();
  await held.release();
  return {
    name: rival.name,
    acquire: acquired - before,
    busyAcquire: turnedAway - acquired,
    beat: held.beat === undefined ? null : beaten - turnedAway,
    release: count() - beaten,
  };
}
