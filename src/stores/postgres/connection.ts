import { fieldOf } from '../shared/field.js';
import type { PostgresResult } from './result.js';

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
  /** `'I'` outside a transaction. A `Client` of `pg` has it since 2026 (8.23); a `Pool` does not need it. */
  getTransactionStatus?(): string | null;
}

/** Whether it is a `Client` of `pg` that nobody has connected, or could connect. It would keep every statement for later, without end. */
export function isUnconnected(connection: PostgresConnection): boolean {
  if (fieldOf(connection, '_connected') !== false) return false;
  return fieldOf(connection, '_connecting') === false || fieldOf(connection, '_connectionError') === true;
}

/** Whether it is a `Pool` of `pg` with statements that wait for a connection, and no connection to spare. */
export function isUsedUp(connection: PostgresConnection): boolean {
  const total = Number(fieldOf(connection, 'totalCount'));
  const max = Number(fieldOf(fieldOf(connection, 'options'), 'max'));
  const isWaiting = Number(fieldOf(connection, 'waitingCount')) > 0;
  return isWaiting && total >= max && fieldOf(connection, 'idleCount') === 0;
}
