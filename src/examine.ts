import type { Dependencies } from './dependencies.js';
import { combineLiveness, judge, type Verdict } from './judge.js';
import type { Store, Stored } from './stores/store.js';

/** What is there, and what is to be thought of it. */
export interface Examined {
  readonly stored: Stored;
  readonly verdict: Verdict;
}

/** Reads a lock and judges its holder; `null` where nobody holds it. Changes nothing. */
export async function examine(
  name: string,
  store: Store,
  { processes }: Dependencies,
  staleTimeout: number | undefined,
): Promise<Examined | null> {
  const stored = await store.read(name);
  if (stored === null) return null;
  const { record } = stored;
  const liveness =
    record === null
      ? 'unknown'
      : combineLiveness([record.process, ...record.workers].map((identity) => processes.liveness(identity)));
  return { stored, verdict: judge(stored, liveness, staleTimeout) };
}
