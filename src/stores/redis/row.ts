import type { LockRecord } from '../../record.js';
import { holderText, ownerText, recordFromRow, workersText } from '../columns.js';
import type { Claim } from '../store.js';

/** What a script answers. */
export interface Answer {
  readonly isDone: boolean;
  /** `null` where nobody held the lock. */
  readonly row: Row | null;
}

/** One lock, as a script has found or left it. */
export interface Row {
  readonly version: string;
  /** `null` where somebody has changed the hash by hand, and it is no record any more. */
  readonly record: LockRecord | null;
  /** Milliseconds since the last heartbeat by the clock of Redis; without a record endless. */
  readonly age: number;
}

/** What is kept of a claim, in the order in which the script takes it. Empty where there is none. */
export function fieldsOf(claim: Claim): string[] {
  const { token, workers, staleTimeout } = claim;
  const timeout = Number.isFinite(staleTimeout) ? String(staleTimeout) : '';
  return [ownerText(claim), token, timeout, holderText(claim), workersText(workers)];
}

/** Of what was done, the outcome; then the time in milliseconds; then the fields of the hash, names and values by turns. */
export function readAnswer(reply: unknown): Answer {
  const [outcome, now, ...fields] = textsOf(reply);
  const hash = new Map<string, string>();
  for (let index = 0; index + 1 < fields.length; index += 2) {
    hash.set(fields[index] ?? '', fields[index + 1] ?? '');
  }
  const isDone = outcome === 'done';
  return { isDone, row: isDone || hash.get('lock_owner') ? readHash(hash, Number(now)) : null };
}

/** The texts in an array that a script gives; drivers can be told to give buffers. */
export function textsOf(reply: unknown): string[] {
  if (Array.isArray(reply)) return reply.map(String);
  throw new TypeError(
    `The client of redisStore answered with ${typeof reply} where an array was due: ` +
      'give the store a connection that is not in a transaction or a pipeline.',
  );
}

function readHash(hash: ReadonlyMap<string, string>, now: number): Row {
  const record = recordFromRow(hash);
  const version = ['fencing_token', 'revision', 'token'].map((field) => hash.get(field) ?? '').join(' ');
  return {
    version,
    record,
    // Redis may have been moved to a machine whose clock is behind.
    age: record === null ? Number.POSITIVE_INFINITY : Math.max(0, now - record.timestamp.getTime()),
  };
}
