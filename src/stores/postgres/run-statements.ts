import { ErrLockStore } from '../../core/errors.js';
import type { Clock } from '../../system/clock.js';
import { inTime, type Over } from '../shared/time-limit.js';
import { isUnconnected, type PostgresConnection } from './connection.js';
import { isConflict, isConnectionLost, isInTransaction, storeError } from './driver-error.js';
import { isPool, withClient } from './pool.js';
import { type Send, senderTo } from './send.js';

/**
 * How many attempts a statement gets if other transactions conflict with it, and how many if its connection breaks: after a restart of the server a
 * pool may have several that it does not know to be broken.
 */
const MOST_TRIES = 10;
const MOST_CONNECTIONS = 4;
/** The longest pause between attempts, in milliseconds. */
const RETRY_DELAY = 40;

/** Runs an operation of a store. Throws an `ErrLockStore` that says what was attempted. */
export type Run = <T>(lock: string, attempted: string, act: (query: Send) => Promise<T>) => Promise<T>;

/**
 * Runs operations on the user's connection, again if other transactions conflicted with them, or if the connection broke: a pool has another
 * one. Every statement may be carried out again, because then it finds that what it was to change has changed.
 *
 * @param limit How long an operation may take, in milliseconds.
 */
export function runnerOn(connection: PostgresConnection, limit: number, clock: Clock): Run {
  const sendOn = senderTo(connection, limit);
  return async (lock, attempted, act) => {
    // Somebody may have given it a `query` of their own since.
    const pool = isPool(connection) ? connection : null;
    const remedy = pool === null ? OF_CLIENT : OF_POOL;
    const attempt = (over: Over) => {
      const operate = async (client: PostgresConnection) => {
        const send = sendOn(client);
        refuseUnusable(client, lock, attempted, remedy);
        const result = await act(async (sql, values) => {
          // After the time is over, nobody would hear of what it does.
          over.throwIfOver();
          return send(sql, values);
        });
        refuseUnusable(client, lock, attempted, remedy);
        return result;
      };
      return pool === null ? operate(connection) : withClient(pool, operate);
    };
    try {
      return await inTime(limit, clock, (over) => untilDone(attempt, clock, over));
    } catch (error) {
      if (error instanceof ErrLockStore) throw error;
      throw isInTransaction(error)
        ? inTransaction(lock, attempted, remedy)
        : storeError(lock, attempted, error, connection);
    }
  };
}

async function untilDone<T>(attempt: (over: Over) => Promise<T>, clock: Clock, over: Over): Promise<T> {
  let connections = 1;
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(over);
    } catch (error) {
      if (isConnectionLost(error)) connections += 1;
      else if (!isConflict(error)) throw error;
      if (tries === MOST_TRIES || connections > MOST_CONNECTIONS) throw error;
      await clock.sleep(Math.random() * RETRY_DELAY, { signal: over.signal });
    }
  }
}

function refuseUnusable(
  connection: PostgresConnection,
  lock: string,
  attempted: string,
  remedy: string,
): void {
  const status = connection.getTransactionStatus?.() ?? 'I';
  if (status !== 'I') throw inTransaction(lock, attempted, remedy);
  if (isUnconnected(connection)) throw unconnected(lock, attempted);
}

/** What to do about a transaction. */
const OF_CLIENT = 'Give the store a `Pool` or a connection of its own, or end the transaction first.';
const OF_POOL =
  'End a transaction before its client goes back to the pool, even if the function returns early or throws.';

function inTransaction(lock: string, attempted: string, remedy: string): ErrLockStore {
  return new ErrLockStore(
    lock,
    'ERR_LOCK_IN_TRANSACTION',
    `Cannot ${attempted} ${lock} in the middle of a transaction, because a rollback would undo it. ${remedy}`,
  );
}

function unconnected(lock: string, attempted: string): ErrLockStore {
  return ErrLockStore.of(lock, attempted, {
    code: '08003',
    reason: 'the client is not connected',
    remedy: 'Call `await client.connect()` first, or give the store a `Pool`, which connects by itself.',
    isInDoubt: false,
  });
}
