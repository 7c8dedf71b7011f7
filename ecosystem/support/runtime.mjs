// What each runtime must be able to do. The first parameter says what to do, the second names a folder or a lock.
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquire, ErrFenced, ErrLockBusy, verifyFileSystem } from 'livinglock';
import { fileStore } from 'livinglock/file';
import { fence, postgresStore } from 'livinglock/postgres';
import { sqliteStore } from 'livinglock/sqlite';
import { storeCases } from 'livinglock/testing';

const STALE_TIMEOUT = '5s';
const TASKS = { suite, postgres, fences, verify, hold, contend, exit };

const [task, place] = process.argv.slice(2);
console.log(JSON.stringify(await TASKS[task](place)));
process.exit();

function suite(folder) {
  return test(inFiles(folder));
}

function postgres(url) {
  return test(inPostgres(url));
}

/** For each store, which rules do not hold. */
async function test(stores) {
  const results = {};
  for (const [name, makeStore] of Object.entries(await stores)) {
    const cases = storeCases(makeStore);
    const failures = [];
    for (const { name: rule, run } of cases) {
      await run().catch((error) => failures.push(`${rule}: ${error.message}`));
    }
    results[name] = { isTested: cases.length > 50, failures };
  }
  return results;
}

async function inFiles(folder) {
  const found = {
    file: () => ({ store: fileStore(), another: () => fileStore(), nameOf: (word) => `${folder}/${word}` }),
  };
  for (const name of ['node:sqlite', 'bun:sqlite']) {
    const { DatabaseSync, Database = DatabaseSync } = await import(name).catch(() => ({}));
    if (Database === undefined) continue;
    const connect = () => sqliteStore(new Database(join(folder, `${name.slice(0, 3)}.db`)));
    found[name] = () => ({ store: connect(), another: connect });
  }
  return found;
}

async function inPostgres(url) {
  const { default: pg } = await import('pg');
  const connect = () => postgresStore(new pg.Pool({ connectionString: url }));
  const another = connect();
  const found = { pg: testedBeside(connect(), another) };
  const bun = await import('bun').catch(() => null);
  if (bun !== null) found["Bun's SQL"] = testedBeside(openWithBun(bun, url).store, another);
  return found;
}

function openWithBun({ SQL }, url) {
  const sql = new SQL(url);
  const store = postgresStore({ query: (text, values) => sql.unsafe(text, values) });

  async function pay(lock) {
    await sql.begin(async (tx) => {
      await fence({ query: (text, values) => tx.unsafe(text, values) }, lock);
      await tx`UPDATE payouts SET state = 'paid' WHERE state = 'due'`;
    });
  }
  return { sql, store, pay };
}

/** What a transaction of Bun leaves behind, what one that comes too late rejects with, and a claim outside of a transaction. */
async function fences(url) {
  const { sql, pay } = openWithBun(await import('bun'), url);
  const connection = { query: (text, values) => sql.unsafe(text, values) };
  // A table that it creates itself.
  const store = postgresStore(connection, { tableName: 'locks_of_bun' });
  const first = await acquire('payouts', { store });
  await first.release();
  const second = await acquire('payouts', { store });
  await sql`CREATE TABLE payouts AS SELECT 'due' AS state`;
  await pay(second);
  const [{ state }] = await sql`SELECT state FROM payouts`;
  const late = await pay(first).catch((error) => error);
  const outside = await fence(connection, second).catch((error) => error);
  await second.release();
  return { state, isFenced: late instanceof ErrFenced, outside: outside.code };
}

function testedBeside(store, another) {
  return () => ({ store, another: () => another });
}

async function verify(folder) {
  const { verdict } = await verifyFileSystem(folder, { processes: 2, duration: '300ms' });
  return verdict;
}

/** Until the input ends. */
async function hold(path) {
  const lock = await acquire(path, { staleTimeout: STALE_TIMEOUT, heartbeatMinimalInterval: 0 });
  const over = new AbortController();
  once(process.stdin.resume(), 'end').then(() => over.abort());
  console.log('held');
  while (!over.signal.aborted) {
    await lock.heartBeat();
    await sleep(50);
  }
  await lock.release();
  return 'released';
}

async function contend(path) {
  try {
    const { predecessor } = await acquire(path, { staleTimeout: STALE_TIMEOUT });
    return predecessor?.state ?? 'free';
  } catch (error) {
    if (error instanceof ErrLockBusy) return 'busy';
    throw error;
  }
}

/** The end of the process releases the lock. */
async function exit(path) {
  await acquire(path);
  return 'held';
}
