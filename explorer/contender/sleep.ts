import type { Clock } from 'livinglock';
import type { Gate } from './gate.js';

/**
 * Sleeping is a step: how long it takes is for the schedule to say. The lock's watch for its own loss, the only one that
 * sleeps with `ref: false`, never wakes up: it would find nothing that a heartbeat does not, and change nothing.
 */
export function sleepThrough(gate: Gate): Clock['sleep'] {
  return (_milliseconds, { ref = true } = {}) =>
    new Promise((resolve) => {
      // Not for how long, because that is chance.
      if (ref) gate.step('sleep', 'a while', resolve, 'yield');
    });
}
