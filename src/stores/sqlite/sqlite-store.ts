import { dirname } from 'node:path';
import { ageOf, hasSameBootId, provenanceInDatabase, provenanceOf } from '../../core/assess/provenance.js';
import { ErrLockStore } from '../../core/errors.js';
import { type DependencyOptions, withSystemDefaults } from '../../core/options/dependencies.js';
import { boolean, refuseUnknown } from '../../core/options/validate.js';
import type { Awaitable, Beat, Claim, Outcome, Store, Stored } from '../../core/store.js';
import { blockFor } from '../../system/block-for.js';
import { sharedTime } from '../../system/clock.js';
import { systemFileSystem } from '../file/file-system.js';
import { isLocal } from '../file/file-system-type.js';
import { fieldOf } from '../shared/field.js';
import { checkLockName } from '../shared/lock-name.js';
import { columnsOf, type Row, readRow, workersText } from '../shared/lock-row.js';
import { refuseUncountable } from '../shared/refuse-uncountable.js';
import {
  FILES,
  fileStateOf,
  forgetClosed,
  isFinalized,
  isInWritingStatement,
  pathOf,
  prepareOn,
  rememberFile,
  type SqliteDatabase,
  type SqliteStatement,
  secondNameAtOpening,
} from './database.js';
import {
  isBusy,
  isWithoutTable,
  movedError,
  secondNameError,
  storeError,
  transactionError,
} from './driver-error.js';
import { type SqliteSchemaOptions, sqliteSchema, tableInMain } from './schema.js';
import { statementsFor } from './statements.js';

/**
 * For how many milliseconds a database in which others write is tried again, in addition to the connection's own busy timeout
 * at each attempt; and the longest pause between attempts.
 */
const TIMEOUT = 5000;
const RETRY_DELAY = 40;
/** The first attempts are made in place, so that a job that never yields to the event loop can send heartbeats too. */
const PAUSES = [0, 0, 1, 2, 4, 8, 16, 32, 64, 128];

/**
 * Options of a store in SQLite. The clock and the processes are for tests. The clock ages only holders of this machine's current boot; the others
 * are aged by SQLite's clock, so test those with a file or `memoryStore`.
 */
export interface SqliteStoreOptions
  extends SqliteSchemaOptions,
    Pick<DependencyOptions, 'clock' | 'processes'> {
  /**
   * Whether to create the table when the first lock is claimed. With `false` it must exist, see {@link sqliteSchema}.
   *
   * Default: `true`.
   */
  readonly createTable?: boolean | undefined;
}

/**
 * Keeps locks in a table of an SQLite database, one row each, through a connection that the user already has, of `node:sqlite`,
 * `better-sqlite3`, or `@photostructure/sqlite`. Several processes may share the file, in WAL and in rollback mode, but
 * under one name only: with a hard link, or mounted without its folder, it is refused (`ERR_LOCK_SECOND_NAME`). Needs SQLite 3.35 (2021).
 *
 * Give it a connection of its own, or use none in the middle of a transaction: rolling back would silently undo the lock, so in
 * an open transaction every operation rejects with an `ErrLockStore` of the code `ERR_LOCK_IN_TRANSACTION`; and so does every change in the middle of
 * a statement that writes, such as an iterated `UPDATE … RETURNING`. The errors of the driver become an `ErrLockStore` whose code is SQLite's, such
 * as `SQLITE_READONLY`.
 *
 * @example
 * import { DatabaseSync } from 'node:sqlite';
 * import { acquire } from 'livinglock';
 * import { sqliteStore } from 'livinglock/sqlite';
 *
 * const store = sqliteStore(new DatabaseSync('/var/lib/shop/shop.db'));
 * const lock = await acquire('nightly-import', { store, staleTimeout: '2h' });
 */
export function sqliteStore(database: SqliteDatabase, options: SqliteStoreOptions = {}): Store {
  refuseUnknown(options, ['tableName', 'createTable', 'clock', 'processes']);
  const { tableName, createTable = true } = options;
  if (typeof database?.prepare !== 'function' || typeof database.exec !== 'function') {
    throw new TypeError(
      'sqliteStore needs a database with the methods `prepare` and `exec`, such as `new DatabaseSync(path)` of `node:sqlite`.',
    );
  }
  const table = tableInMain(tableName);
  const schema = boolean('createTable', createTable) ? sqliteSchema({ tableName }) : null;
  const { clock, processes } = withSystemDefaults(options);
  const statements = statementsFor(table);
  const prepared = new Map<string, SqliteStatement>();
  keepStatementOnFiles();
  return { isPrompt: true, resolve: checkLockName, read, claim, confirm, beat, remove, names };

  function read(name: string): Awaitable<Stored | null> {
    return withRetries(name, 'read the lock', () => {
      const row = fileStateOf(database) === 'replaced' ? null : find(name);
      return row === null ? null : toStored(row);
    });
  }

  function claim(name: string, claim: Claim, over?: string): Awaitable<Outcome> {
    const attempted = over === undefined ? 'create the lock' : 'take over the lock';
    return change(name, attempted, () => {
      // Others would not see it.
      if (fileStateOf(database) !== 'unchanged') throw movedError(name, attempted, database);
      const values = valuesOf(claim);
      const row = over === undefined ? create(name, values) : ask(statements.replace, ...values, name, over);
      return refuseUncountable(toOutcome(name, row), name, attempted);
    });
  }

  /** A connection that reads in the middle of a long query sees the database as it was when that began. */
  function confirm(name: string, version: string): Awaitable<boolean> {
    return change(
      name,
      'confirm the lock',
      () => fileStateOf(database) === 'unchanged' && ask(statements.confirm, name, version) !== null,
    );
  }

  /** On disk when the call returns, unless others write to the database for longer than a moment. */
  function beat(name: string, token: string, { workers, progress }: Beat): Awaitable<Outcome> {
    return change(name, 'write a heartbeat to the lock', () => {
      if (fileStateOf(database) === 'replaced') return GONE;
      const workersColumn = workers === undefined ? null : workersText(workers);
      const progressColumn = progress === undefined ? null : JSON.stringify(progress);
      const values = [sharedTime(clock), workersColumn, progressColumn, name, token];
      return toOutcome(name, ask(statements.beat, ...values));
    });
  }

  /** Synchronous as well, because when the process exits there is no later. */
  function remove(name: string, token: string, hold = 0): Awaitable<Outcome> {
    return change(name, 'release the lock', () => {
      if (fileStateOf(database) === 'replaced') return GONE;
      const row =
        hold > 0
          ? ask(statements.retire, hold, hold, sharedTime(clock), name, token)
          : ask(statements.remove, name, token);
      return toOutcome(name, row ?? ask(statements.released, name, token));
    });
  }

  function names(): Awaitable<string[]> {
    return withRetries('the locks of the database', 'list', () => {
      const rows = ifTableExists(() => prepare(statements.names).all()) ?? [];
      return rows.map((row) => String(fieldOf(row, 'lock_name')));
    });
  }

  function create(name: string, values: readonly Value[]): Row | null {
    const create = () => send(statements.create, name, ...values);
    try {
      return create();
    } catch (error) {
      if (schema === null || !isWithoutTable(error, table)) throw error;
      database.exec(schema);
      return create();
    }
  }

  /** In the order in which the statements take them. */
  function valuesOf(claim: Claim): Value[] {
    const { owner, timeout, holder, details, workers } = columnsOf(claim);
    return [owner, timeout, claim.token, timeout, sharedTime(clock), holder, details, workers];
  }

  function find(name: string): Row | null {
    return ask(statements.read, name);
  }

  /** The row that a statement returns; `null` without a row or a table. */
  function ask(sql: string, ...values: readonly Value[]): Row | null {
    return ifTableExists(() => send(sql, ...values));
  }

  /** `null` if the table does not exist yet. */
  function ifTableExists<T>(act: () => T): T | null {
    try {
      return act();
    } catch (error) {
      if (schema !== null && isWithoutTable(error, table)) return null;
      throw error;
    }
  }

  /**
   * Not `get`, which stops at the first row: the change is committed after the last one, and nobody would know whether that
   * succeeded.
   */
  function send(sql: string, ...values: readonly Value[]): Row | null {
    const [row] = prepare(sql).all(...values);
    return row === undefined ? null : readRow(row);
  }

  function prepare(sql: string): SqliteStatement {
    let statement = prepared.get(sql);
    if (statement === undefined) {
      statement = prepareOn(database, sql);
      prepared.set(sql, statement);
    }
    return statement;
  }

  function keepStatementOnFiles(): void {
    const statement = rememberFile(database);
    if (statement !== null) prepared.set(FILES, statement);
  }

  function toOutcome(name: string, row: Row | null): Outcome {
    if (row === null) return { done: false, found: find(name)?.record ?? null };
    if (row.record === null) throw new Error('what was written to the table cannot be read from it');
    return { done: true, record: row.record };
  }

  /**
   * Containers of one machine have their own host names, but share its clock and its local file systems. So even if the process
   * may be on another machine, the age is by the clock of this boot.
   */
  function toStored({ version, record, age }: Row): Stored {
    if (record === null) return { version, record, age, provenance: 'unknown' };
    const place = { self: processes.self(), clock, isLocal: isOnThisMachine };
    const isOfThisBoot = hasSameBootId(record.process, place.self);
    const provenance = isOfThisBoot ? provenanceInDatabase(record, place.self) : provenanceOf(record, place);
    const sharesClock = provenance === 'this-boot' || (isOfThisBoot && place.isLocal());
    const ageByClock = ageOf(record, sharesClock ? 'this-boot' : provenance, place, age);
    return { version, record, age: ageByClock, provenance };
  }

  /** Whether the database is a file of this machine, or exists only in the memory of this process. */
  function isOnThisMachine(): boolean {
    const path = pathOf(database);
    return path === null || isLocal(systemFileSystem, dirname(path));
  }

  function change<T>(lock: string, attempted: string, act: () => T): Awaitable<T> {
    return withRetries(lock, attempted, () => {
      if (isInWritingStatement(database, prepare))
        throw transactionError(lock, attempted, 'writing statement');
      return act();
    });
  }

  /** Synchronously if the database is free, or becomes free within a moment; otherwise later. */
  function withRetries<T>(lock: string, attempted: string, act: () => T): Awaitable<T> {
    const giveUpAt = clock.monotonic() + TIMEOUT;
    const attempt = () => tryOnce(lock, attempted, giveUpAt, act);
    for (const pause of PAUSES) {
      blockFor(pause);
      const result = attempt();
      if (result !== null) return result.value;
    }
    const later = async () => {
      for (;;) {
        await clock.sleep(Math.random() * RETRY_DELAY);
        const result = attempt();
        if (result !== null) return result.value;
      }
    };
    return later();
  }

  /** `null` if the database is busy, or was opened again, and there is still time. */
  function tryOnce<T>(
    lock: string,
    attempted: string,
    giveUpAt: number,
    act: () => T,
  ): { readonly value: T } | null {
    try {
      const secondName = secondNameAtOpening(database);
      if (secondName !== null) throw secondNameError(lock, attempted, database, secondName);
      if (database.isTransaction ?? database.inTransaction)
        throw transactionError(lock, attempted, 'transaction');
      return { value: act() };
    } catch (error) {
      if (error instanceof ErrLockStore) throw error;
      const isClosed = isFinalized(error);
      if (isClosed) {
        prepared.clear();
        forgetClosed(database);
        keepStatementOnFiles();
      }
      if ((isClosed || isBusy(error)) && clock.monotonic() < giveUpAt) return null;
      throw storeError(lock, attempted, error, database);
    }
  }
}

/** What a statement takes. */
type Value = string | number | null;

/** The lock is in a file that nobody else opens any more. */
const GONE: Outcome = { done: false, found: null };
