import { ageOf, hasSameBootId, provenanceInDatabase } from '../core/assess/provenance.js';
import { type DependencyOptions, withSystemDefaults } from '../core/options/dependencies.js';
import { DEPENDENCY_NAMES } from '../core/options/options.js';
import { refuseUnknown } from '../core/options/validate.js';
import { composeRecord, releasedRecord } from '../core/record/compose-record.js';
import type { LockRecord } from '../core/record/record.js';
import type { Beat, Claim, Outcome, Store, Stored } from '../core/store.js';
import { checkLockName } from '../stores/shared/lock-name.js';

/**
 * Keeps locks in the memory of this process. It is meant for tests of a job that takes a store, and is the shortest example of a store. Each
 * store that this creates has its own locks. Its methods need no `this`, so a test can replace one: `{ ...memoryStore(), beat }`; see
 * `docs/own-store.md`.
 *
 * @param dependencies The clock that ages heartbeats, and the processes that hold locks. Default: the system's.
 * @example
 * import { acquire } from 'livinglock';
 * import { FakeClock, memoryStore } from 'livinglock/testing';
 *
 * const clock = new FakeClock();
 * const store = memoryStore({ clock });
 * const lock = await acquire('nightly', { store, dependencies: { clock } });
 */
export function memoryStore(dependencies: DependencyOptions = {}): Store {
  refuseUnknown(dependencies, DEPENDENCY_NAMES);
  const { clock, processes } = withSystemDefaults(dependencies);
  const entries = new Map<string, Entry>();
  return { resolve: checkLockName, read, claim, beat, remove, names };

  function read(name: string): Stored | null {
    const { record = null, version = 0 } = entries.get(name) ?? {};
    if (record === null) return null;
    const place = { self: processes.self(), clock, isLocal: () => true };
    const provenance = provenanceInDatabase(record, place.self);
    const byWallClock = Math.abs(clock.now() - record.timestamp.getTime());
    // Whichever host wrote it, it has read the same clock, unless that has restarted since.
    const sharesClock = hasSameBootId(record.process, place.self);
    const age = ageOf(record, sharesClock ? 'this-boot' : provenance, place, byWallClock);
    return { version: String(version), record, age, provenance };
  }

  function claim(name: string, claim: Claim, over?: string): Outcome {
    const current = read(name);
    if (current?.version !== over) return { done: false, found: current?.record ?? null };
    const fencingToken = (entries.get(name)?.fencingToken ?? 0) + 1;
    return put(name, composeRecord(claim, { ...now(), fencingToken }));
  }

  function beat(name: string, token: string, { progress, workers }: Beat): Outcome {
    const current = entries.get(name)?.record ?? null;
    if (current?.token !== token || current.hold !== null) return { done: false, found: current };
    const { now: timestamp, monotonic } = now();
    return put(name, {
      ...current,
      timestamp,
      monotonic,
      ...(progress !== undefined && { progress }),
      ...(workers !== undefined && { workers }),
    });
  }

  function remove(name: string, token: string, hold = 0): Outcome {
    const entry = entries.get(name);
    const current = entry?.record ?? null;
    if (entry === undefined || current?.token !== token) return { done: false, found: current };
    if (hold > 0) return put(name, releasedRecord(current, { ...now(), hold }));
    entries.set(name, { ...entry, record: null });
    return { done: true, record: current };
  }

  function names(): string[] {
    return [...entries].flatMap(([name, { record }]) => (record === null ? [] : [name])).sort();
  }

  function now(): { now: Date; monotonic: number } {
    return { now: new Date(clock.now()), monotonic: clock.monotonic() };
  }

  function put(name: string, record: LockRecord): Outcome {
    const { version = 0, fencingToken = 0 } = entries.get(name) ?? {};
    entries.set(name, { record, fencingToken: record.fencingToken ?? fencingToken, version: version + 1 });
    return { done: true, record };
  }
}

interface Entry {
  /** `null` if nobody holds the lock. The entry stays, because the next fencing token must be greater. */
  readonly record: LockRecord | null;
  readonly fencingToken: number;
  readonly version: number;
}
