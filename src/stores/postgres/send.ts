import { createHash } from 'node:crypto';
import { fieldOf } from '../shared/field.js';
import { type PostgresConnection, rowsOf } from './connection.js';
import { codeOf } from './driver-error.js';

/** Timers of Node with more milliseconds than this fire at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** A value of a statement. */
type Value = string | null;

/** Sends one statement. Resolves to the rows of its result. A statement with values comes again and again. */
export type Send = (sql: string, values?: Value[]) => Promise<readonly unknown[]>;

/** What `pg` also takes instead of a text. */
interface PgQuery {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly Value[] | undefined;
  readonly query_timeout?: number;
  readonly types: typeof TEXTS;
}

/** All answers are texts. A parser that the program has set for texts would make something else of them. */
const TEXTS = { getTypeParser: () => String };

interface PgConnection {
  query(query: PgQuery): Promise<{ readonly rows: readonly unknown[] }>;
}

/**
 * How to send statements on a connection, or on a client of a pool. With `pg`, those that come again and again are named: the server then parses and
 * plans each once for a connection, which takes more than half of the time of a heartbeat. And `pg` closes a connection on which no answer came in time, which would otherwise stay in its
 * pool.
 *
 * @param limit How long a statement may take, in milliseconds.
 */
export function senderTo(
  connection: PostgresConnection,
  limit: number,
): (client: PostgresConnection) => Send {
  const timeout = hasTimeout(connection) || limit > LONGEST_TIMEOUT ? {} : { query_timeout: limit };
  const options = { types: TEXTS, ...timeout };
  let mayName = true;
  return (client) => async (text, values) => {
    if (!isPg(client)) return rowsOf(await client.query(text, values));
    const query = { text, values, ...options };
    if (!mayName || values === undefined) return (await client.query(query)).rows;
    try {
      return (await client.query({ ...query, name: nameOf(text) })).rows;
    } catch (error) {
      if (!isNameLost(error)) throw error;
      mayName = false;
      return (await client.query(query)).rows;
    }
  };
}

/** A pooler between client and server, such as PgBouncer in transaction mode, may pass statements on to another session each time. Nothing was done. */
function isNameLost(error: unknown): boolean {
  return ['26000', '42P05'].includes(codeOf(error));
}

const names = new Map<string, string>();

/** The same for every connection, because `pg` refuses one name for two statements. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `livinglock_${createHash('sha1').update(text).digest('hex').slice(0, 24)}`;
  names.set(text, name);
  return name;
}

/** A `Pool` or a `Client` of `pg`, or of what extends it. */
function isPg(connection: unknown): connection is PgConnection {
  return (
    typeof fieldOf(connection, 'totalCount') === 'number' ||
    typeof fieldOf(connection, '_connected') === 'boolean'
  );
}

/** Whether the user has chosen one. */
function hasTimeout(connection: unknown): boolean {
  const settings = fieldOf(connection, 'connectionParameters') ?? fieldOf(connection, 'options');
  return Boolean(fieldOf(settings, 'query_timeout'));
}
