import type { Progress } from '../../../support/figures/progress.js';
import type { Effort } from '../../effort.js';
import type { Measurement } from '../../measurement.js';
import { measureByTurns, type Subject } from '../../rounds.js';
import type { Field } from '../engines/engine.js';
import { hold } from '../rivals/hold.js';

/** Sends heartbeats, or extends the lock's expiry, which means the same to contenders. */
export async function measureWrittenBeat(
  { bare, bareWrite, rivals, newLock }: Field,
  effort: Effort,
  progress: Progress,
): Promise<Measurement> {
  const holders = await Promise.all(
    rivals.map(async (rival) => ({ name: rival.name, held: await hold(rival, newLock()) })),
  );
  const limits = bareWrite === undefined ? [bare] : [bare, bareWrite];
  const beats = holders.flatMap(({ name, held: { beat } }): Subject[] =>
    beat === undefined ? [] : [{ name, run: beat }],
  );
  const turns = await measureByTurns([...limits, ...beats], effort, progress);
  await Promise.all(holders.map(({ held }) => held.release()));
  return { title: 'written heartbeat', baseline: bare.name, ...turns };
}
