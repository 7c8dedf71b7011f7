import { ErrLockStore } from '../../core/errors.js';
import { fieldOf } from '../shared/field.js';
import { NoAnswer } from '../shared/time-limit.js';
import type { PostgresConnection } from './connection.js';

/** A `Pool` of `pg`. */
interface Pool {
  connect(): Promise<PoolClient>;
}

interface PoolClient extends PostgresConnection {
  /** Back to the pool; with an error, its connection is closed. */
  release(error?: unknown): void;
  /** Left out by what somebody has put around it. */
  on?(event: 'error', listener: () => void): unknown;
  removeListener?(event: 'error', listener: () => void): unknown;
}

/**
 * Runs an operation of a `Pool` on one client. Its own `query` would do the same, but not tell whether somebody has given that client back in the
 * middle of a transaction, whose rollback would undo the lock.
 */
export async function withClient<T>(pool: Pool, use: (client: PostgresConnection) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    // If the connection breaks, the statement fails too. Without a listener the process would end.
    client.on?.('error', ignore);
    const result = await use(client);
    client.release();
    return result;
  } catch (error) {
    // As `query` of the pool does. What was refused here has done the connection no harm.
    client.release(error instanceof ErrLockStore || error instanceof NoAnswer ? undefined : error);
    throw error;
  } finally {
    client.removeListener?.('error', ignore);
  }
}

function ignore(): void {}

/** Not if somebody has a `query` of their own there, in a subclass or a proxy, which may do more. */
export function isPool(connection: unknown): connection is Pool {
  if (typeof fieldOf(connection, 'totalCount') !== 'number') return false;
  let definer = connection;
  while (definer !== null && !Object.hasOwn(Object(definer), 'query')) {
    definer = Object.getPrototypeOf(definer);
  }
  return (
    Object.hasOwn(Object(definer), 'connect') && fieldOf(definer, 'query') === fieldOf(connection, 'query')
  );
}
