import { findFaults, findOverlaps, type Overlap } from './rules.js';
import type { Ordeal } from './run.js';

/** The verdict on a run. */
export interface Verdict {
  readonly overlaps: readonly Overlap[];
  /** All faults, in words. */
  readonly faults: readonly string[];
}

/** @param staleTimeout That of the locks, in milliseconds. */
export function judge({ chronicle, aftermath }: Ordeal, staleTimeout: number): Verdict {
  const { stays, failures } = chronicle;
  const overlaps = findOverlaps(stays, staleTimeout);
  const faults = [
    ...overlaps.map(({ fault }) => fault).filter((fault) => fault !== null),
    ...findFaults(stays, overlaps, staleTimeout),
    ...[...failures].map(([failure, times]) => (times > 1 ? `${failure} (${times} times)` : failure)),
    ...(stays.length === 0 ? ['nobody has acquired the lock'] : []),
    ...(aftermath?.after ?? []).map((file) => `left behind: ${file}`),
  ];
  return { overlaps, faults };
}
