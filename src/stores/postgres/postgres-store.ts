import { type DependencyOptions, withSystemDefaults } from '../../core/options/dependencies.js';
import type { Duration } from '../../core/options/duration.js';
import { boolean, refuseUnknown } from '../../core/options/validate.js';
import type { Beat, Claim, Outcome, Store, Stored } from '../../core/store.js';
import { checkLockName } from '../shared/lock-name.js';
import { columnsOf, storedFrom, workersText } from '../shared/lock-row.js';
import { refuseUncountable } from '../shared/refuse-uncountable.js';
import { readCommandTimeout } from '../shared/time-limit.js';
import { isPipelined, type PostgresConnection } from './connection.js';
import {
  hiddenByRowSecurity,
  hiddenByTemporary,
  isCreatedMeanwhile,
  isUnencodable,
  isWithoutTable,
  outOfSight,
} from './driver-error.js';
import { toAsciiJsonb, toJsonb } from './jsonb.js';
import { runnerOn } from './run-statements.js';
import { type PostgresSchemaOptions, postgresSchema, quotedTable } from './schema.js';
import type { Send } from './send.js';
import { type Answer, readAnswer, readText, SCHEMAS, statementsFor } from './statements.js';

/**
 * Options of a store in PostgreSQL. The clock and the processes are for tests. The clock ages no holder: the server's does, so test that with a file or
 * `memoryStore`.
 */
export interface PostgresStoreOptions
  extends PostgresSchemaOptions,
    Pick<DependencyOptions, 'clock' | 'processes'> {
  /**
   * Whether to create the table when the first lock is claimed. With `false` it must exist, see {@link postgresSchema}.
   *
   * Default: `true`.
   */
  readonly createTable?: boolean | undefined;
  /**
   * How long an operation may take, including the wait for a connection of a pool. Then it rejects with an `ErrLockStore` of the code
   * `ETIMEDOUT`, however long the driver itself would keep trying. `Infinity`: as long as the driver keeps trying.
   * A number below 1,000 is refused, because it is probably meant as seconds.
   *
   * Default: `'30s'`.
   */
  readonly commandTimeout?: Duration | undefined;
}

/**
 * Keeps locks in a table of a PostgreSQL database, one row each, through a connection that the user already has: a `Pool` or a
 * `Client` of `pg`, a `PGlite`, or what another driver or ORM has (see `docs/adapters.md`). Each change is one statement; times are the server's.
 *
 * Prefer a `Pool`, which reconnects after a restart of the server. Rolling back would silently undo the lock, so in an open
 * transaction of a `Client`, also of one that was given back to its `Pool`, every operation rejects with an `ErrLockStore` of the code
 * `ERR_LOCK_IN_TRANSACTION`. The errors of the driver become an `ErrLockStore` whose code is PostgreSQL's, such as `42501`, or the system's,
 * such as `ECONNREFUSED`.
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
  refuseUnknown(options, ['tableName', 'schema', 'createTable', 'commandTimeout', 'clock', 'processes']);
  const { tableName, schema, createTable: mayCreate = true } = options;
  if (typeof connection?.query !== 'function') {
    throw new TypeError(
      'postgresStore needs a connection with the method `query`, such as `new Pool(…)` of `pg`.',
    );
  }
  if (isPipelined(connection)) {
    throw new TypeError(
      'postgresStore cannot use a `Client` with `pipeline: true`: it cannot tell whether a transaction is open, whose rollback would undo the lock. Use a `Pool`.',
    );
  }
  const table = quotedTable({ tableName, schema });
  const ddl = boolean('createTable', mayCreate) ? postgresSchema({ tableName, schema }) : null;
  const limit = readCommandTimeout(options.commandTimeout);
  const { clock, processes } = withSystemDefaults(options);
  const run = runnerOn(connection, limit, clock);
  const statements = statementsFor(table);
  let hasFoundTable = false;
  /** Until when the locks are held that were claimed here, on the monotonic clock. */
  const heldUntil = new Map<string, number>();
  /** How to write texts that are only for people. */
  let asText = toJsonb;
  return { resolve: checkLockName, read, claim, confirm, beat, remove, names };

  function read(name: string): Promise<Stored | null> {
    return run(name, 'read the lock', async (query) => {
      const answer = await find(query, name);
      // A user with policies may create a lock, but a held one is not lost only because its row is out of sight.
      if ((heldUntil.get(name) ?? 0) > clock.monotonic()) refuseHidden(answer);
      return answer?.isHeld === true ? storedFrom(answer.row, processes) : null;
    });
  }

  function claim(name: string, claim: Claim, over?: string): Promise<Outcome> {
    const { owner, timeout, holder, details, workers } = columnsOf(claim);
    const timeoutText = timeout === null ? null : String(timeout);
    // PostgreSQL text cannot contain a NUL. The owner is just shown.
    const first = [name, claim.token, owner.replaceAll('\0', ''), timeoutText, toJsonb(holder)];
    const attempted = over === undefined ? 'create the lock' : 'take over the lock';
    return run(name, attempted, async (query) => {
      const answer = await withTexts((asText) => {
        const values = [...first, asText(details), toJsonb(workers)];
        return over === undefined ? create(query, values) : ask(query, statements.replace, [...values, over]);
      });
      return refuseUncountable(noteHeld(name, await toOutcome(query, name, answer)), name, attempted);
    });
  }

  function confirm(name: string, version: string): Promise<boolean> {
    return run(name, 'confirm the lock', async (query) => {
      if ((await ask(query, statements.confirm, [name, version])) !== null) return true;
      refuseHidden(await find(query, name));
      return false;
    });
  }

  function beat(name: string, token: string, { workers, progress }: Beat): Promise<Outcome> {
    const workersColumn = workers === undefined ? null : toJsonb(workersText(workers));
    return run(name, 'write a heartbeat to the lock', async (query) => {
      const answer = await withTexts((asText) => {
        const progressColumn = progress === undefined ? null : asText(JSON.stringify(progress));
        return ask(query, statements.beat, [name, token, progressColumn, workersColumn]);
      });
      return noteHeld(name, await toOutcome(query, name, answer));
    });
  }

  function remove(name: string, token: string, hold = 0): Promise<Outcome> {
    heldUntil.delete(name);
    return run(name, 'release the lock', async (query) => {
      const answer =
        hold > 0
          ? await ask(query, statements.retire, [name, token, String(hold)])
          : await ask(query, statements.remove, [name, token]);
      // It was carried out before, with only the answer lost.
      const isRepeated = (found: Answer) =>
        found.token === token && (!found.isHeld || (hold > 0 && found.row.record?.hold != null));
      return toOutcome(query, name, answer, isRepeated);
    });
  }

  function names(): Promise<string[]> {
    return run('the locks of the database', 'list', async (query) => {
      const rows = await ifTableExists(query, () => query(statements.names));
      if (rows?.length === 0) await find(query, '');
      return (rows ?? []).map(readText).toSorted();
    });
  }

  /** Writes in ASCII what the encoding of the database refuses, and from then on everything. */
  async function withTexts<T>(write: (asText: (json: string) => string) => Promise<T>): Promise<T> {
    const tried = asText;
    try {
      return await write(tried);
    } catch (error) {
      if (tried === toAsciiJsonb || !isUnencodable(error)) throw error;
      const written = await write(toAsciiJsonb);
      asText = toAsciiJsonb;
      return written;
    }
  }

  /** `null` without the table. */
  async function find(query: Send, name: string): Promise<Answer | null> {
    const answer = await ask(query, statements.read, [name]);
    if (answer?.hiddenBy === 'temporary table') throw hiddenByTemporary(table);
    return answer;
  }

  function refuseHidden(answer: Answer | null): void {
    if (answer?.hiddenBy === 'row security') throw hiddenByRowSecurity(table);
  }

  function noteHeld(name: string, outcome: Outcome): Outcome {
    if (outcome.done)
      heldUntil.set(name, clock.monotonic() + (outcome.record.staleTimeout ?? Number.POSITIVE_INFINITY));
    return outcome;
  }

  async function create(query: Send, values: (string | null)[]): Promise<Answer | null> {
    const create = () => answerTo(query, statements.create, values);
    try {
      return await create();
    } catch (error) {
      if (ddl === null || !(await isWithoutAnyTable(query, error))) throw error;
      await createTable(query, ddl);
      return create();
    }
  }

  function ask(query: Send, sql: string, values: (string | null)[]): Promise<Answer | null> {
    return ifTableExists(query, () => answerTo(query, sql, values));
  }

  async function answerTo(query: Send, sql: string, values: (string | null)[]): Promise<Answer | null> {
    const [row] = await query(sql, values);
    hasFoundTable = true;
    return row === undefined ? null : readAnswer(row);
  }

  /** `null` if the table does not exist yet. */
  async function ifTableExists<T>(query: Send, act: () => Promise<T>): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      if (ddl !== null && (await isWithoutAnyTable(query, error))) return null;
      throw error;
    }
  }

  /** Throws if it is only out of sight: somebody may have changed the `search_path` of a session that others use too. */
  async function isWithoutAnyTable(query: Send, error: unknown): Promise<boolean> {
    if (!isWithoutTable(error, table)) return false;
    if (!hasFoundTable || schema !== undefined) return true;
    const [elsewhere] = await query(SCHEMAS, [table.replaceAll('"', '')]);
    if (elsewhere === undefined) return true;
    throw outOfSight(table, readText(elsewhere));
  }

  /** @param changed What a change returned, `null` if it was not made. */
  async function toOutcome(
    query: Send,
    name: string,
    changed: Answer | null,
    isRepeated: (found: Answer) => boolean = () => false,
  ): Promise<Outcome> {
    const answer = changed ?? (await find(query, name));
    refuseHidden(answer);
    const record = answer?.row.record ?? null;
    if (answer === null || !(changed !== null || isRepeated(answer)))
      return { done: false, found: answer?.isHeld === true ? record : null };
    if (record === null) throw new Error('what was written to the table cannot be read from it');
    return { done: true, record };
  }
}

async function createTable(query: Send, schema: string): Promise<void> {
  try {
    await query(schema);
  } catch (error) {
    if (!isCreatedMeanwhile(error)) throw error;
  }
}
