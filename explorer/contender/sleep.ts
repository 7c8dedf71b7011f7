import type { Clock } from 'livinglock';
import type { Gate } from './gate.js';

/**
 * Sleeping is a step: the schedule decides how long it takes. The lock's own monitor, the only one that
 * sleeps with `ref: false`, never wakes up: it would find nothing that a heartbeat does not, and change nothing.
 */
export function sleepThrough(gate: Gate): Clock['sleep'] {
  return (_milliseconds, { ref = true } = {}) =>
    new Promise((resolve) => {
      // Not how long, because that is random.
      if (ref) gate.step('sleep', 'a while', resolve, 'yield');
    });
}
