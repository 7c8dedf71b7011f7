// A store for another database: here, any key-value service with compare-and-set, that is, one that replaces a value only if
// nobody has changed it since the caller read it. etcd, Consul, NATS and DynamoDB can do that, and S3 with `If-Match`.

import {
  type Beat,
  type Claim,
  checkLockName,
  composeRecord,
  type LockRecord,
  type Outcome,
  parseRecord,
  releasedRecord,
  type Store,
  type Stored,
  serializeRecord,
  systemProcesses,
} from 'livinglock';

/** The service's client. */
export interface KeyValueService {
  /** The text under the key, or `null`; its revision, which changes with every `put`; and the service's time. */
  get(key: string): Promise<{ readonly text: string | null; readonly revision: number; readonly now: Date }>;
  /** Stores the text if the key still has that revision. Otherwise changes nothing and returns `false`. */
  put(key: string, text: string, revision: number): Promise<boolean>;
}

/** Stores locks under keys that begin with `lock/`. */
export function keyValueStore(service: KeyValueService): Store {
  return new KeyValueStore(service);
}

/** What is stored under a key. It stays after a release, without a record, because the next fencing token must be greater. */
interface Entry {
  readonly record: LockRecord | null;
  readonly fencingToken: number;
  readonly revision: number;
  readonly now: Date;
}

class KeyValueStore implements Store {
  readonly #service: KeyValueService;

  constructor(service: KeyValueService) {
    this.#service = service;
  }

  resolve(name: string): string {
    return checkLockName(name);
  }

  async read(name: string): Promise<Stored | null> {
    const { record, revision, now } = await this.#get(name);
    if (record === null) return null;
    const { bootId, hostname } = systemProcesses().self();
    const { process } = record;
    const isHere = bootId !== null && process.bootId === bootId && process.hostname === hostname;
    return {
      version: String(revision),
      record,
      // The heartbeat may be in the future, if the service's clock was set back.
      age: Math.abs(now.getTime() - record.timestamp.getTime()),
      provenance: isHere ? 'this-boot' : 'unknown',
    };
  }

  async claim(name: string, claim: Claim, over?: string): Promise<Outcome> {
    const { record: current, fencingToken, revision, now } = await this.#get(name);
    const version = current === null ? undefined : String(revision);
    if (version !== over) return { done: false, found: current };
    const record = composeRecord(claim, { now, monotonic: null, fencingToken: fencingToken + 1 });
    return (await this.#put(name, record, fencingToken + 1, revision))
      ? { done: true, record }
      : { done: false, found: null };
  }

  async beat(name: string, token: string, { progress, workers }: Beat): Promise<Outcome> {
    const { record: current, fencingToken, revision, now } = await this.#get(name);
    if (current?.token !== token || current.hold !== null) return { done: false, found: current };
    const record = {
      ...current,
      timestamp: now,
      ...(progress !== undefined && { progress }),
      ...(workers !== undefined && { workers }),
    };
    if (await this.#put(name, record, fencingToken, revision)) return { done: true, record };
    // Somebody else changed it first. The next try finds out whether this holder still has the lock.
    return this.beat(name, token, { progress, workers });
  }

  async remove(name: string, token: string, hold = 0): Promise<Outcome> {
    const { record: current, fencingToken, revision, now } = await this.#get(name);
    if (current?.token !== token) return { done: false, found: current };
    const record = hold > 0 ? releasedRecord(current, { now, monotonic: null, hold }) : null;
    if (await this.#put(name, record, fencingToken, revision))
      return { done: true, record: record ?? current };
    return this.remove(name, token, hold);
  }

  async #get(name: string): Promise<Entry> {
    const { text, revision, now } = await this.#service.get(`lock/${name}`);
    const { fencingToken = 0, record = null }: { fencingToken?: number; record?: string | null } = JSON.parse(
      text ?? '{}',
    );
    return { record: record === null ? null : parseRecord(record, now), fencingToken, revision, now };
  }

  #put(name: string, record: LockRecord | null, fencingToken: number, revision: number): Promise<boolean> {
    const text = JSON.stringify({ fencingToken, record: record && serializeRecord(record) });
    return this.#service.put(`lock/${name}`, text, revision);
  }
}
