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
 */
export function summarizeSuccession(stays: readonly Stay[]): Succession {
  const waits = stays
    .flatMap(({ end, endedAt }, index) => {
      const next = stays[index + 1];
      return end === 'killed' && next !== undefined && next.acquiredAt > endedAt
        ? [next.acquiredAt - endedAt]
        : [];
    })
    .sort((one, other) => one - other);
  return {
    deaths: waits.length,
    median: quantile(waits, 0.5),
    p99: quantile(waits, 0.99),
    max: quantile(waits, 1),
  };
}
