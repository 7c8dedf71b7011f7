import { type Clock, systemClock } from '../system/clock.js';
import type { ProcessTable } from '../system/processes/process-table.js';
import { systemProcesses } from '../system/processes/system.js';

/** What a lock needs from the system, so that a test can replace it. */
export interface Dependencies {
  /** What time it is. */
  readonly clock: Clock;
  /** Which processes are alive. */
  readonly processes: ProcessTable;
}

/** Anything left out defaults to the system's own. */
export function withSystemDefaults(dependencies: Partial<Dependencies> = {}): Dependencies {
  return {
    clock: dependencies.clock ?? systemClock,
    processes: dependencies.processes ?? systemProcesses(),
  };
}
