import { ErrLockStore } from '../../core/errors.js';
import type { Clock } from '../../system/clock.js';
import { inTime, type Over } from '../shared/time-limit.js';
import { isUnconnected, type PostgresConnection } from './connection.js';
import { isConflict, isConnectionLost, isInTransaction, storeError } from './driver-error.js';
import { type Send, senderTo } from './send.js';

/**
 * How many attempts a statement gets if other transactions conflict with it, and how many if its connection breaks: after a restart of the server a
 * pool may have several that it does not know to be broken.
 */
const MOST_TRIES = 10;
const MOST_CONNECTIONS = 4;
/** The longest pause between attempts, in milliseconds. */
const RETRY_DELAY = 40;

/** Runs the operations of a store on the user's connection: repeatedly where that helps, and only for so long. */
export class Queries {
  readonly #connection: PostgresConnection;
  readonly #send: Send;
  readonly #limit: number;
  readonly #clock: Clock;

  /** @param limit How long an operation may take, in milliseconds. */
  constructor(connection: PostgresConnection, limit: number, clock: Clock) {
    this.#connection = connection;
    this.#send = senderTo(connection, limit);
    this.#limit = limit;
    this.#clock = clock;
  }

  /**
   * Runs the operation, again if other transactions conflicted with it, or if the connection broke: a pool has another one. Every
   * statement may be carried out again, because then it finds that what it was to change has changed.
   *
   * Throws an `ErrLockStore` that says what was attempted.
   */
  async run<T>(lock: string, attempted: string, act: (query: Send) => Promise<T>): Promise<T> {
    try {
      return await inTime(this.#limit, this.#clock, (over) => this.#untilDone(lock, attempted, act, over));
    } catch (error) {
      if (error instanceof ErrLockStore) throw error;
      throw isInTransaction(error)
        ? inTransaction(lock, attempted)
        : storeError(lock, attempted, error, this.#connection);
    }
  }

  async #untilDone<T>(
    lock: string,
    attempted: string,
    act: (query: Send) => Promise<T>,
    over: Over,
  ): Promise<T> {
    const query: Send = async (sql, values) => {
      // After the time is over, nobody would hear of what it does.
      over.throwIfOver();
      return this.#send(sql, values);
    };
    let connections = 1;
    for (let tries = 1; ; tries++) {
      try {
        this.#refuseUnusable(lock, attempted);
        const result = await act(query);
        this.#refuseUnusable(lock, attempted);
        return result;
      } catch (error) {
        if (isConnectionLost(error)) connections += 1;
        else if (!isConflict(error)) throw error;
        if (tries === MOST_TRIES || connections > MOST_CONNECTIONS) throw error;
        await this.#clock.sleep(Math.random() * RETRY_DELAY, { signal: over.signal });
      }
    }
  }

  #refuseUnusable(lock: string, attempted: string): void {
    const status = this.#connection.getTransactionStatus?.() ?? 'I';
    if (status !== 'I') throw inTransaction(lock, attempted);
    if (isUnconnected(this.#connection)) throw unconnected(lock, attempted);
  }
}

function inTransaction(lock: string, attempted: string): ErrLockStore {
  return new ErrLockStore(
    lock,
    'ERR_LOCK_IN_TRANSACTION',
    `Cannot ${attempted} ${lock} in the middle of a transaction, because a rollback would undo it. ` +
      'Give the store a `Pool` or a connection of its own, or end the transaction first.',
  );
}

function unconnected(lock: string, attempted: string): ErrLockStore {
  return ErrLockStore.of(lock, attempted, {
    code: '08003',
    reason: 'the client is not connected',
    remedy: 'Call `await client.connect()` first, or give the store a `Pool`, which connects by itself.',
    cause: undefined,
    isInDoubt: false,
  });
}
