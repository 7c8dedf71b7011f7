import type { Store } from '../store.js';
import type { DependencyOptions } from './dependencies.js';
import type { Duration } from './duration.js';
import { type AcquireOptions, dependencies, readSignal, readStaleTimeout, store } from './options.js';
import { boolean, refuseUnknown } from './validate.js';

/** Options for inspecting a lock. */
export interface InspectOptions {
  /**
   * As in {@link AcquireOptions}: the longer of this and the holder's counts.
   *
   * Default: the holder's own; `'1h'` if it does not name one.
   */
  readonly staleTimeout?: Duration | undefined;
  /** Ends the call at once, even if the store does not answer: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Where the lock is kept. Default: a file store. */
  readonly store?: Store | undefined;
  /** For tests: another clock or process table. */
  readonly dependencies?: DependencyOptions | undefined;
}

/** Options for breaking a lock. */
export interface BreakOptions extends InspectOptions {
  /**
   * Breaks the lock of a live holder too. The holder learns of it at its next heartbeat, and keeps working until then.
   *
   * Default: `false`.
   */
  readonly force?: boolean | undefined;
}

/** Checks the options for inspecting or breaking a lock. */
export function readInspectOptions(options: BreakOptions, known: readonly (keyof BreakOptions)[]) {
  refuseUnknown(options, known);
  return {
    staleTimeout: options.staleTimeout === undefined ? undefined : readStaleTimeout(options),
    force: boolean('force', options.force ?? false),
    signal: readSignal(options.signal),
    store: store(options.store),
    dependencies: dependencies(options.dependencies),
  };
}

export type InspectSettings = Readonly<ReturnType<typeof readInspectOptions>>;
