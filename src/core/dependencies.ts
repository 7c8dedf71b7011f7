import { type Clock, systemClock } from '../system/clock.js';
import type { ProcessTable } from '../system/processes/process-table.js';
import { systemProcesses } from '../system/processes/system.js';

/** What a lock takes from its surroundings, so that a test can put something else there. */
export interface Dependencies {
  readonly clock: Clock;
  readonly processes: ProcessTable;
}

/** What is left out falls back to the system's own. */
export function withSystemDefaults(dependencies: Partial<Dependencies> = {}): Dependencies {
  return {
    clock: dependencies.clock ?? systemClock,
    processes: dependencies.processes ?? systemProcesses(),
  };
}
