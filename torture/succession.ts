import { quantile } from '../support/figures/statistics.js';
import type { Stay } from './stay.js';

/** How long the lock was idle after the deaths of its holders, in milliseconds. */
export interface Succession {
  readonly deaths: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * From the SIGKILL of a holder to the moment when the next `acquire` resolves. Holders that had been
 * taken over before do not count, nor does the last one if nobody followed it.
 *
 * @param stays In the order in which they were acquired.
 * @param counts Which deaths count, by the dead holder and the next one. Default: all.
 */
export function summarizeSuccession(
  stays: readonly Stay[],
  counts: (dead: Stay, next: Stay) => boolean = () => true,
): Succession {
  const waits = stays
    .flatMap((dead, index) => {
      const next = stays[index + 1];
      const isSucceeded = dead.end === 'killed' && next !== undefined && next.acquiredAt > dead.endedAt;
      return isSucceeded && counts(dead, next) ? [next.acquiredAt - dead.endedAt] : [];
    })
    .sort((one, other) => one - other);
  return {
    deaths: waits.length,
    median: quantile(waits, 0.5),
    p99: quantile(waits, 0.99),
    max: quantile(waits, 1),
  };
}
