import { provenanceInDatabase } from '../../core/assess/provenance.js';
import { type Dependencies, withSystemDefaults } from '../../core/dependencies.js';
import { ErrLockStore } from '../../core/errors.js';
import type { Beat, Claim, Outcome, Store, Stored } from '../../core/store.js';
import { refuseUnknown } from '../../core/validate.js';
import { systemClock } from '../../system/clock.js';
import { checkLockName } from '../shared/lock-name.js';
import { columnsOf, type Row, workersText } from '../shared/row.js';
import { type Answer, readAnswer, readText } from './answer.js';
import type { PostgresConnection } from './connection.js';
import {
  isConflict,
  isConnectionLost,
  isCreatedMeanwhile,
  isInTransaction,
  isWithoutTable,
  storeError,
} from './driver-error.js';
import { toJsonb } from './jsonb.js';
import { type PostgresSchemaOptions, postgresSchema, quotedTable } from './schema.js';
import { type Statements, statementsFor } from './statements.js';

/** How many attempts a statement gets if other transactions conflict with it, and how many if its connection breaks. */
const MOST_TRIES = 10;
const MOST_CONNECTIONS = 2;
/** The longest pause between attempts, in milliseconds. */
const RETRY_DELAY = 40;

/** Options of a store in PostgreSQL. The processes are for tests. */
export interface PostgresStoreOptions
  extends PostgresSchemaOptions,
    Partial<Pick<Dependencies, 'processes'>> {
  /**
   * Whether to create the table when the first lock is claimed. With `false` it must exist, see {@link postgresSchema}.
   *
   * Default: `true`.
   */
  readonly createTable?: boolean | undefined;
}

/**
 * Keeps locks in a table of a PostgreSQL database, one row each, through a connection that the user already has: a `Pool` or a
 * `Client` of `pg`, or a `PGlite`. Each operation is one statement; times are the server's.
 *
 * Prefer a `Pool`, which reconnects after the server was restarted. Rolling back would silently undo the lock, so in an open
 * transaction of a `Client` every operation rejects with an {@link ErrLockStore} of the code `ERR_LOCK_IN_TRANSACTION`. The errors
 * of the driver become an {@link ErrLockStore} whose code is PostgreSQL's, such as `42501`, or the system's, such as `ECONNREFUSED`.
 *
 * @example
 * import pg from 'pg';
 * import { acquire } from 'livinglock';
 * import { postgresStore } from 'livinglock/postgres';
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
 * pool.on('error', (error) => console.error(error.message));
 * const lock = await acquire('nightly-import', { store: postgresStore(pool), staleTimeout: '2h' });
 */
export function postgresStore(connection: PostgresConnection, options: PostgresStoreOptions = {}): Store {
  refuseUnknown(options, ['tableName', 'schema', 'createTable', 'processes']);
  const { tableName, schema, createTable = true } = options;
  if (typeof createTable !== 'boolean') {
    throw new TypeError(`The option \`createTable\` must be true or false, but is ${typeof createTable}.`);
  }
  if (typeof connection?.query !== 'function') {
    throw new TypeError(
      'postgresStore needs a connection with the method `query`, such as `new Pool(…)` of `pg`.',
    );
  }
  const statements = statementsFor(quotedTable({ tableName, schema }));
  const ddl = createTable ? postgresSchema({ tableName, schema }) : null;
  return new PostgresStore(connection, statements, ddl, withSystemDefaults(options).processes);
}

class PostgresStore implements Store {
  readonly #connection: PostgresConnection;
  readonly #statements: Statements;
  /** `null` if the store must not create the table. */
  readonly #schema: string | null;
  readonly #processes: Dependencies['processes'];

  constructor(
    connection: PostgresConnection,
    statements: Statements,
    schema: string | null,
    processes: Dependencies['processes'],
  ) {
    this.#connection = connection;
    this.#statements = statements;
    this.#schema = schema;
    this.#processes = processes;
  }

  resolve(name: string): string {
    return checkLockName(name);
  }

  read(name: string): Promise<Stored | null> {
    return this.#withRetries(name, 'read the lock', async () => {
      const answer = await this.#find(name);
      return answer?.isHeld === true ? this.#toStored(answer.row) : null;
    });
  }

  claim(name: string, claim: Claim, over?: string): Promise<Outcome> {
    const { owner, timeout, holder, details, workers } = columnsOf(claim);
    const timeoutText = timeout === null ? null : String(timeout);
    const json = [holder, details, workers].map(toJsonb);
    const values = [name, claim.token, withoutNul(owner), timeoutText, ...json];
    const attempted = over === undefined ? 'create the lock' : 'take over the lock';
    return this.#withRetries(name, attempted, async () => {
      const answer =
        over === undefined
          ? await this.#create(values)
          : await this.#ask(this.#statements.replace, [...values, over]);
      return this.#toOutcome(name, answer);
    });
  }

  beat(name: string, token: string, { workers, progress }: Beat): Promise<Outcome> {
    const progressColumn = progress === undefined ? null : toJsonb(JSON.stringify(progress));
    const workersColumn = workers === undefined ? null : toJsonb(workersText(workers));
    return this.#withRetries(name, 'write a heartbeat to the lock', async () => {
      const answer = await this.#ask(this.#statements.beat, [name, token, progressColumn, workersColumn]);
      return this.#toOutcome(name, answer);
    });
  }

  remove(name: string, token: string, hold = 0): Promise<Outcome> {
    const { remove, retire } = this.#statements;
    return this.#withRetries(name, 'release the lock', async () => {
      const answer =
        hold > 0
          ? await this.#ask(retire, [name, token, String(hold)])
          : await this.#ask(remove, [name, token]);
      return this.#toOutcome(name, answer, answer?.token === token && !answer.isHeld);
    });
  }

  names(): Promise<string[]> {
    return this.#withRetries('the locks of the database', 'list', () => this.#allNames());
  }

  async #allNames(): Promise<string[]> {
    try {
      const { rows } = await this.#connection.query(this.#statements.names);
      return rows.map(readText).toSorted();
    } catch (error) {
      if (this.#schema !== null && isWithoutTable(error)) return [];
      throw error;
    }
  }

  #find(name: string): Promise<Answer | null> {
    return this.#ask(this.#statements.read, [name]);
  }

  async #create(values: (string | null)[]): Promise<Answer | null> {
    const create = () => this.#query(this.#statements.create, values);
    try {
      return await create();
    } catch (error) {
      if (this.#schema === null || !isWithoutTable(error)) throw error;
      await this.#createTable(this.#schema);
      return create();
    }
  }

  async #createTable(schema: string): Promise<void> {
    try {
      await this.#connection.query(schema);
    } catch (error) {
      if (!isCreatedMeanwhile(error)) throw error;
    }
  }

  /** The answer of a statement; `null` if the table does not exist yet. */
  async #ask(sql: string, values: (string | null)[]): Promise<Answer | null> {
    try {
      return await this.#query(sql, values);
    } catch (error) {
      if (this.#schema !== null && isWithoutTable(error)) return null;
      throw error;
    }
  }

  async #query(sql: string, values: (string | null)[]): Promise<Answer | null> {
    const { rows } = await this.#connection.query(sql, values);
    const [row] = rows;
    return row === undefined ? null : readAnswer(row);
  }

  async #toOutcome(name: string, answer: Answer | null, isDoneBefore = false): Promise<Outcome> {
    if (answer?.isDone || (answer && isDoneBefore)) {
      if (answer.row.record === null) throw new Error('what was written to the table cannot be read from it');
      return { done: true, record: answer.row.record };
    }
    // A statement also finds nothing if the row was inserted after it had begun.
    const found = answer ?? (await this.#find(name));
    return { done: false, found: found?.isHeld === true ? found.row.record : null };
  }

  /** The age is by the server's clock, whichever machine the holder runs on. */
  #toStored({ version, record, age }: Row): Stored {
    if (record === null) return { version, record, age, provenance: 'unknown' };
    const provenance = provenanceInDatabase(record, this.#processes.self());
    return { version, record, age, provenance };
  }

  /**
   * Runs the operation, again if other transactions conflicted with it, and once more if the connection broke: a pool has another one. Every
   * statement may be carried out twice, because the second time it finds that what it was to change has changed.
   */
  async #withRetries<T>(lock: string, attempted: string, act: () => Promise<T>): Promise<T> {
    let connections = 1;
    for (let tries = 1; ; tries++) {
      try {
        this.#refuseTransaction(lock, attempted);
        const result = await act();
        this.#refuseTransaction(lock, attempted);
        return result;
      } catch (error) {
        if (error instanceof ErrLockStore) throw error;
        if (isInTransaction(error)) throw inTransaction(lock, attempted);
        if (isConnectionLost(error)) connections += 1;
        else if (!isConflict(error)) throw storeError(lock, attempted, error);
        if (tries === MOST_TRIES || connections > MOST_CONNECTIONS) throw storeError(lock, attempted, error);
        await systemClock.sleep(Math.random() * RETRY_DELAY);
      }
    }
  }

  #refuseTransaction(lock: string, attempted: string): void {
    const status = this.#connection.getTransactionStatus?.() ?? 'I';
    if (status !== 'I') throw inTransaction(lock, attempted);
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

/** PostgreSQL text cannot contain a NUL. Only for text that is just shown. */
function withoutNul(text: string): string {
  return text.replaceAll('\0', '');
}
