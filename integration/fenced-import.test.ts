import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { inspect } from '../src/index.js';
import { postgresStore } from '../src/stores/postgres/index.js';
import type { SqliteDatabase } from '../src/stores/sqlite/index.js';
import { isPosix, temporaryFolder } from '../support/machine.js';
import { describeWithPostgres } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import type { PostgresServer } from '../support/postgres/postgres-server.js';
import { killIfThere, poll, Running } from '../support/running.js';
import { freeze } from './support/desk.js';

// The imports of examples/, killed at random moments, and stopped and resumed. The witness is what they leave in the database.

const ROWS = 200_000;
const KILLS = 20;
const STOPS = 3;
const STALE_TIMEOUT = '1s';

/** An import, and what can be seen of it from outside. */
interface Import {
  start(): Running;
  /** The fencing token of the lock's holder. */
  token(): Promise<number | null>;
  pause(run: Running): Promise<void> | void;
  /** What is in the database. */
  witness(): Promise<Witness>;
  /** Makes runs wait where they claim the fence. The result lets them go on, after the holder of this token has claimed it. */
  block(run: Running): Promise<(token: number | null) => Promise<void>>;
}

interface Witness {
  readonly rows: number;
  readonly ids: number;
  readonly last: number;
}

const COMPLETE: Witness = { rows: ROWS, ids: ROWS, last: ROWS };

function testImport(make: () => Import | Promise<Import>): void {
  test(`has each row once, killed ${KILLS} times, stopped and resumed ${STOPS} times`, async () => {
    const { start, token, witness, pause } = await make();
    for (let kill = 1; kill <= KILLS; kill++) {
      const run = start();
      await batchesOf(run, randomInt(1, 3));
      await sleep(randomInt(5));
      killIfThere(run.pid);
      const { signal, code } = await run.ended;
      if (signal === 'SIGKILL') continue;
      // On a busy machine it may be complete before that.
      expect(code).toBe(0);
      expect(await witness()).toEqual(COMPLETE);
      return;
    }
    let run = start();
    for (let stop = 1; stop <= STOPS; stop++) {
      await batchesOf(run, randomInt(1, 5));
      const own = await token();
      await pause(run);
      const successor = start();
      await poll('the next run did not take over', async () => (await token()) !== own);
      run.signal('SIGCONT');
      expect(await run.ended).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/ErrLockLost|ErrFenced/),
      });
      run = successor;
    }
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
    expect(await witness()).toEqual(COMPLETE);
  });

  test('refuses a run that stalls between its heartbeat and its write', async () => {
    const { start, token, block, witness } = await make();
    const late = start();
    await batchesOf(late, 2);
    const unblock = await block(late);
    const own = await token();
    const successor = start();
    await poll('the next run did not take over', async () => (await token()) !== own);
    await unblock(await token());
    expect(await late.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('fenced off') });
    expect(await successor.ended).toMatchObject({ code: 0, stderr: '' });
    expect(await witness()).toEqual(COMPLETE);
  });
}

describeWithPostgres('an import into PostgreSQL', (server) => {
  testImport(() => importIntoPostgres(server()));
});

describe.skipIf(!isPosix)('an import into SQLite, with its lock in a file', () => {
  testImport(importIntoSqlite);
});

async function importIntoPostgres(server: PostgresServer): Promise<Import> {
  const pool = poolOf(server, { max: 5 });
  await pool.query('DROP TABLE IF EXISTS readings, checkpoint, livinglock, livinglock_fences');
  return {
    start: () => start('fenced-import', server.urlFor()),
    token: () => tokenOf(inspect('fenced-import', { store: postgresStore(pool) })),
    pause: (run) => run.signal('SIGSTOP'),
    witness: async () => {
      const { rows } = await pool.query<Witness>(
        'SELECT count(*)::integer AS rows, count(DISTINCT id)::integer AS ids, max(id) AS last FROM readings',
      );
      return one(rows);
    },
    block: async () => {
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query('LOCK TABLE livinglock_fences IN ACCESS EXCLUSIVE MODE');
      return async (token) => {
        await client.query('UPDATE livinglock_fences SET fencing_token = $1', [token]);
        await client.query('COMMIT');
        client.release();
      };
    },
  };
}

function importIntoSqlite(): Import {
  const path = join(temporaryFolder(), 'readings.db');
  const open = () => {
    const database = new DatabaseSync(path, { timeout: 60_000 });
    onTestFinished(() => database.close());
    return database;
  };
  return {
    start: () => start('fenced-import-sqlite', path),
    token: () => tokenOf(inspect(`${path}.lock`)),
    pause: (run) => freeze(run, `${path}.lock`),
    witness: async () => {
      const sql = 'SELECT count(*) AS rows, count(DISTINCT id) AS ids, max(id) AS last FROM readings';
      const { rows, ids, last } = one(open().prepare(sql).all());
      return { rows: Number(rows), ids: Number(ids), last: Number(last) };
    },
    // Runs wait in `BEGIN IMMEDIATE`, just before.
    block: async (run) => {
      const database = open();
      database.exec('PRAGMA busy_timeout = 0');
      await poll('the run is always in a transaction', () => {
        run.signal('SIGSTOP');
        const isBlocked = begins(database);
        run.signal('SIGCONT');
        return isBlocked;
      });
      return async (token) => {
        database.prepare('UPDATE livinglock_fences SET fencing_token = ?').run(token);
        database.exec('COMMIT');
      };
    },
  };
}

function begins(database: SqliteDatabase): boolean {
  try {
    database.exec('BEGIN IMMEDIATE');
    return true;
  } catch {
    return false;
  }
}

function start(example: string, database: string): Running {
  const program = fileURLToPath(new URL(`../build/examples/${example}.js`, import.meta.url));
  return new Running(process.execPath, [program, database, STALE_TIMEOUT], { env: process.env });
}

/** Resolves when the run has committed so many batches. */
async function batchesOf(run: Running, count: number): Promise<void> {
  await run.prints(new RegExp(`(?:\\d+ rows\\n){${count}}`));
}

async function tokenOf(inspection: ReturnType<typeof inspect>): Promise<number | null> {
  return (await inspection).holder?.fencingToken ?? null;
}

function one<T>([row]: readonly T[]): T {
  if (row === undefined) throw new Error('there is no row');
  return row;
}
