import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { acquire } from 'livinglock';
import writeFileAtomic from 'write-file-atomic';
import type { Progress } from '../../support/figures/progress.js';
import type { Effort } from '../effort.js';
import type { Measurement } from '../measurement.js';
import type { Place } from '../place.js';
import { measureByTurns } from '../rounds.js';

export const throttledBeat = 'throttled heartbeat';
/** Only the call: a loop that never yields to the event loop does not await it. */
export const throttledCall = 'livinglock, `heartBeat()`';

/** Heartbeats within the minimum interval. They read the clock once, which is the lower limit. */
export async function measureThrottledBeat(
  place: Place,
  effort: Effort,
  progress: Progress,
): Promise<Measurement> {
  await using lock = await acquire(place.newPath(), { heartbeatMinimalInterval: '10m' });
  const limit = { name: 'one look at the clock', run: () => void performance.now() };
  const turns = await measureByTurns(
    [
      { name: throttledCall, run: () => void lock.heartBeat() },
      { name: 'livinglock, `await heartBeat()`', run: () => lock.heartBeat() },
      limit,
    ],
    effort,
    progress,
  );
  return { title: throttledBeat, baseline: limit.name, ...turns };
}

/** Heartbeats that reach the disk. They replace one small file atomically, which is the lower limit. */
export async function measureWrittenBeat(
  place: Place,
  effort: Effort,
  progress: Progress,
): Promise<Measurement> {
  await using lock = await acquire(place.newPath(), { heartbeatMinimalInterval: 0 });
  const content = readFileSync(lock.name);
  const copy = place.newPath();
  const limit = {
    name: '`write-file-atomic` alone',
    run: () => writeFileAtomic.sync(copy, content, { fsync: false }),
  };
  const turns = await measureByTurns(
    [{ name: 'livinglock, `await heartBeat()`', run: () => lock.heartBeat() }, limit],
    effort,
    progress,
  );
  return { title: 'written heartbeat', baseline: limit.name, ...turns };
}
