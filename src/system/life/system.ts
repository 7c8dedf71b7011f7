import { systemProcesses } from '../processes/system.js';
import type { Life } from './life.js';
import { LinuxLife } from './linux.js';

let life: Life | null | undefined;

/** The signs of life of the running system. `null` if it has none. */
export function systemLife(): Life | null {
  if (life === undefined) {
    life = process.platform === 'linux' ? new LinuxLife(() => systemProcesses().self()) : null;
  }
  return life;
}
