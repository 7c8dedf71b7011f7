import { ageOf, hasSameBootId, provenanceInDatabase } from '../core/assess/provenance.js';
import { type Dependencies, withSystemDefaults } from '../core/options/dependencies.js';
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
export function memoryStore(dependencies: Partial<Dependencies> = {}): Store {
  refuseUnknown(dependencies, DEPENDENCY_NAMES);
  const store = new MemoryStore(withSystemDefaults(dependencies));
  return {
    resolve: (name) => store.resolve(name),
    read: (name) => store.read(name),
    claim: (name, claim, over) => store.claim(name, claim, over),
    beat: (name, token, beat) => store.beat(name, token, beat),
    remove: (name, token, hold) => store.remove(name, token, hold),
    names: () => store.names(),
  };
}

interface Entry {
  /** `null` if nobody holds the lock. The entry stays, because the next fencing token must be greater. */
  readonly record: LockRecord | null;
  readonly fencingToken: number;
  readonly version: number;
}

class MemoryStore implements Store {
  readonly #clock: Dependencies['clock'];
  readonly #processes: Dependencies['processes'];
  readonly #entries = new Map<string, Entry>();

  constructor({ clock, processes }: Dependencies) {
    this.#clock = clock;
    this.#processes = processes;
  }

  resolve(name: string): string {
    return checkLockName(name);
  }

  read(name: string): Stored | null {
    const { record = null, version = 0 } = this.#entries.get(name) ?? {};
    if (record === null) return null;
    const place = { self: this.#processes.self(), clock: this.#clock, isLocal: () => true };
    const provenance = provenanceInDatabase(record, place.self);
    const byWallClock = Math.abs(this.#clock.now() - record.timestamp.getTime());
    // Whichever host wrote it, it has read the same clock, unless that has restarted since.
    const sharesClock = hasSameBootId(record.process, place.self);
    const age = ageOf(record, sharesClock ? 'this-boot' : provenance, place, byWallClock);
    return { version: String(version), record, age, provenance };
  }

  claim(name: string, claim: Claim, over?: string): Outcome {
    const current = this.read(name);
    if (current?.version !== over) return { done: false, found: current?.record ?? null };
    const fencingToken = (this.#entries.get(name)?.fencingToken ?? 0) + 1;
    const now = new Date(this.#clock.now());
    return this.#put(name, composeRecord(claim, { now, monotonic: this.#clock.monotonic(), fencingToken }));
  }

  beat(name: string, token: string, { progress, workers }: Beat): Outcome {
    const current = this.#entries.get(name)?.record ?? null;
    if (current?.token !== token || current.hold !== null) return { done: false, found: current };
    return this.#put(name, {
      ...current,
      ...this.#now(),
      ...(progress !== undefined && { progress }),
      ...(workers !== undefined && { workers }),
    });
  }

  remove(name: string, token: string, hold = 0): Outcome {
    const entry = this.#entries.get(name);
    const current = entry?.record ?? null;
    if (entry === undefined || current?.token !== token) return { done: false, found: current };
    if (hold > 0) {
      const { timestamp: now, monotonic } = this.#now();
      return this.#put(name, releasedRecord(current, { now, monotonic, hold }));
    }
    this.#entries.set(name, { ...entry, record: null });
    return { done: true, record: current };
  }

  names(): string[] {
    return [...this.#entries].flatMap(([name, { record }]) => (record === null ? [] : [name])).sort();
  }

  #now(): Pick<LockRecord, 'timestamp' | 'monotonic'> {
    return { timestamp: new Date(this.#clock.now()), monotonic: this.#clock.monotonic() };
  }

  #put(name: string, record: LockRecord): Outcome {
    const { version = 0, fencingToken = 0 } = this.#entries.get(name) ?? {};
    this.#entries.set(name, {
      record,
      fencingToken: record.fencingToken ?? fencingToken,
      version: version + 1,
    });
    return { done: true, record };
  }
}
