import { type Clock, systemClock } from '../../system/clock.js';
import type { ProcessTable } from '../../system/processes/process-table.js';
import { systemProcesses } from '../../system/processes/system.js';
import type { Life } from '../../system/signs-of-life/sign-of-life.js';
import { systemLife } from '../../system/signs-of-life/system.js';
import { methods } from './validate.js';

/** What a lock needs from the system, so that a test can replace it. */
export interface Dependencies {
  /** What time it is. */
  readonly clock: Clock;
  /** Which processes are alive. */
  readonly processes: ProcessTable;
  /**
   * Signs of life, which tell more than PIDs between containers. Only the file store keeps them. Default: the system's, or none if `processes` are
   * given. `null`: none.
   */
  readonly life?: Life | null | undefined;
}

/** {@link Dependencies}, of which anything may be left out: it defaults to the system's own. */
export type DependencyOptions = {
  readonly [Name in keyof Dependencies]?: Dependencies[Name] | undefined;
};

/** @param prefix What the options are called by whoever passes them: `dependencies.`. Default: just by their names. */
export function checkDependencies({ clock, processes }: DependencyOptions, prefix = ''): void {
  methods(`${prefix}clock`, clock, ['now', 'monotonic', 'sleep']);
  methods(`${prefix}processes`, processes, ['self', 'identify', 'liveness', 'terminate']);
}

/** Anything left out defaults to the system's own. */
export function withSystemDefaults(dependencies: DependencyOptions = {}): Dependencies {
  checkDependencies(dependencies);
  return {
    clock: dependencies.clock ?? systemClock,
    processes: dependencies.processes ?? systemProcesses(),
    life:
      dependencies.life === undefined && dependencies.processes === undefined
        ? systemLife()
        : (dependencies.life ?? null),
  };
}
