import { lstatSync, readFileSync } from 'node:fs';

/** The fields of a record that the referee needs. */
export interface SeenRecord {
  readonly pid: number;
  readonly token: string;
  readonly fencingToken: number;
  /** The last heartbeat, in milliseconds on the monotonic clock. */
  readonly beatAt: number;
}

/** What is at the lock's path. */
export interface Sight {
  /** `null` if there is nothing. */
  readonly text: string | null;
  /** `null` if it is not a record. */
  readonly record: SeenRecord | null;
}

/** Reads the lock file independently: without any code of the library. */
export class Eyes {
  readonly #path: string;
  #seen = '';
  #text: string | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** What is there; `null`: nothing. */
  look(): string | null {
    const status = lstatSync(this.#path, { throwIfNoEntry: false });
    // Files carry the times of the fake clock, in which no two calls happen at the same time.
    const seen = status === undefined ? '' : `${status.ino} ${status.size} ${status.mtimeMs}`;
    if (seen === this.#seen) return this.#text;
    this.#seen = seen;
    this.#text = status === undefined ? null : readFileSync(this.#path, 'utf8');
    return this.#text;
  }
}

export function sightOf(text: string | null): Sight {
  return { text, record: text === null ? null : recordIn(text) };
}

function recordIn(text: string): SeenRecord | null {
  const fields = fieldsOf(text);
  const pid = fields.get('process_id');
  const token = fields.get('token');
  const fencingToken = fields.get('fencing_token');
  const beatAt = fields.get('monotonic_ms');
  if (typeof pid !== 'number' || typeof token !== 'string') return null;
  if (typeof fencingToken !== 'number' || typeof beatAt !== 'number') return null;
  return { pid, token, fencingToken, beatAt };
}

function fieldsOf(text: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  } catch {
    return new Map();
  }
}
