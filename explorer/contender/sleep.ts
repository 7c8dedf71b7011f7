import type { Clock } from 'livinglock';
import type { Gate } from './gate.js';

/**
 * Sleeping is a step: how long it takes is for the schedule to say. The lock's watch for its own loss, the only one that
 * sleeps with `ref: false`, never wakes up: it would find nothing that a heartbeat does not, and change nothing.
 */
export function sleepThrough(gate: Gate): Clock['sleep'] {
  return (milliseconds, { signal, ref = true } = {}) =>
    new Promise((resolve, reject) => {
      if (ref) {
        // Not the duration, half of which is chance.
        gate.step('sleep', milliseconds === 0 ? '' : 'a while', resolve, 'yield');
      } else {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }
    });
}
