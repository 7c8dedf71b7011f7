import type { Outcome } from '../../core/store.js';
import { type Row, readRow } from '../shared/lock-row.js';

/** What a script answers. */
export interface Answer {
  readonly outcome: Outcome;
  /** The lock as the script found or left it; after a release, as it was before. `null` if nobody held it. */
  readonly row: Row | null;
}

/** Reads an array: the outcome, the time in milliseconds, and then the fields of the hash as alternating names and values. */
export function readAnswer(reply: unknown): Answer {
  const [outcome, now, ...fields] = textsOf(reply);
  const hash: Record<string, string> = {};
  for (let index = 0; index + 1 < fields.length; index += 2) {
    hash[fields[index] ?? ''] = fields[index + 1] ?? '';
  }
  const row = readHash(hash, Number(now));
  if (outcome !== 'done') {
    const held = hash['lock_owner'] ? row : null;
    return { outcome: { done: false, found: held?.record ?? null }, row: held };
  }
  if (row.record === null) throw new Error('what was written to the hash cannot be read from it');
  return { outcome: { done: true, record: row.record }, row };
}

/** The texts in an array that a script returns; drivers can be configured to return buffers. */
export function textsOf(reply: unknown): string[] {
  if (Array.isArray(reply)) return reply.map(String);
  throw new TypeError(
    `The client of redisStore answered with ${reply === null ? 'null' : typeof reply} instead of an array: ` +
      'give the store a connection that is not in a transaction or a pipeline.',
  );
}

/** Redis has neither numbers nor `NULL`, only texts, which may be empty. */
function readHash(hash: Readonly<Record<string, string>>, now: number): Row {
  const { fencing_token = '', revision = '', token = '', stale_timeout_ms, hold_ms } = hash;
  return readRow({
    ...hash,
    version: `${fencing_token} ${revision} ${token}`,
    age: now - Date.parse(hash['heartbeat_at'] ?? ''),
    stale_timeout_ms: stale_timeout_ms || null,
    hold_ms: hold_ms ? Number(hold_ms) : null,
  });
}
