import { fieldOf } from '../shared/field.js';

/**
 * A connection to PostgreSQL, as far as a store needs it: `Pool`, `Client` and `PoolClient` of `pg`, `PGlite` of
 * `@electric-sql/pglite`, `DataSource` of TypeORM, or a function around what another driver has, such as
 * `{ query: (text, values) => sql.unsafe(text, values) }` for postgres.js. See `docs/adapters.md`.
 */
export interface PostgresConnection {
  /**
   * Sends one statement.
   *
   * @param text Its parameters are `$1`, `$2` and so on. Each may occur several times.
   * @param values One for each parameter. `undefined`: no parameters.
   */
  query(text: string, values?: (string | null)[]): Promise<PostgresResult>;
  /** `'I'` outside a transaction. A `Client` of `pg` has it since 2026 (8.23); those of a `Pool` are asked. */
  getTransactionStatus?(): string | null;
}

/** The rows of a result, each an object with a property for each column; an object with these `rows`; or, as from a TypeORM `UPDATE`, the rows and their number. */
export type PostgresResult = readonly unknown[] | { readonly rows: readonly unknown[] };

/** Whether it is a `Client` of `pg` that nobody has connected, or could connect. It would keep every statement for later, without end. */
export function isUnconnected(connection: PostgresConnection): boolean {
  if (fieldOf(connection, '_connected') !== false) return false;
  return fieldOf(connection, '_connecting') === false || fieldOf(connection, '_connectionError') === true;
}

/** Whether it is a `Client` of `pg` that sends statements before the answers to earlier ones, so that it knows of a transaction only once it has ended. */
export function isPipelined(connection: PostgresConnection): boolean {
  return typeof fieldOf(connection, '_connected') === 'boolean' && fieldOf(connection, 'pipeline') === true;
}

/** Whether it is a `Pool` of `pg` with statements that wait for a connection, and no connection to spare. */
export function isUsedUp(connection: PostgresConnection): boolean {
  const total = Number(fieldOf(connection, 'totalCount'));
  const max = Number(fieldOf(fieldOf(connection, 'options'), 'max'));
  const isWaiting = Number(fieldOf(connection, 'waitingCount')) > 0;
  return isWaiting && total >= max && fieldOf(connection, 'idleCount') === 0;
}

/** Throws a `TypeError` for what drivers return if they are asked for something else, such as rows without names, or rows and more about them. */
export function rowsOf(result: PostgresResult): readonly unknown[] {
  const answer: unknown = Array.isArray(result) ? result : Reflect.get(Object(result), 'rows');
  const rows = isWithNumber(answer) ? answer[0] : answer;
  if (Array.isArray(rows) && rows.every(isObject)) return rows;
  throw new TypeError(
    'the method `query` of the connection must resolve to the rows, as objects, or to an object with `rows`',
  );
}

/** Whether these are rows and their number. */
function isWithNumber(answer: unknown): answer is readonly [unknown, number] {
  return Array.isArray(answer) && answer.length === 2 && typeof answer[1] === 'number';
}

function isObject(row: unknown): boolean {
  return typeof row === 'object' && row !== null && !Array.isArray(row);
}
