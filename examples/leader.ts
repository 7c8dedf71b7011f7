// A server of which several instances run, and one leads. When the leader ends, hangs or falls ill, another one takes its place.
//
//     npm run example -- leader server-1 [postgres://user@localhost/shop [STALE_TIMEOUT [LONGEST_ROUND]]]
//
// Start it twice, with different names, and end the one that leads.

import { setTimeout as sleep } from 'node:timers/promises';
import { LivingLockError, type Lock, toDuration, withLock } from 'livinglock';
import { postgresStore } from 'livinglock/postgres';
import pg from 'pg';

const [, , name = 'server-1', connectionString = process.env['DATABASE_URL']] = process.argv;
const [, , , , staleTimeout = '15s', longestRound = '10000'] = process.argv;

const pool = new pg.Pool({ connectionString });
pool.on('error', (error) => log(`PostgreSQL: ${error.message}`));

const shutdown = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => shutdown.abort());

const options = {
  store: postgresStore(pool),
  owner: name,
  staleTimeout: toDuration(staleTimeout),
  wait: Number.POSITIVE_INFINITY,
  signal: shutdown.signal,
};

log('waits');
while (!shutdown.signal.aborted) await withLock('leader', options, lead).catch(tryAgain);
await pool.end();

/** The lock is released when this returns: then another instance leads. */
async function lead(lock: Lock): Promise<void> {
  await pool.query('CREATE TABLE IF NOT EXISTS queue (mail text NOT NULL)');
  log('leads');
  let lastRound = performance.now();
  // A timer alone would only prove that the process exists, so it looks at the work.
  const beats = setInterval(() => {
    const isHealthy = performance.now() - lastRound < Number(longestRound);
    // If the lock is lost, its signal says so. If PostgreSQL does not answer, the next heartbeat may get through.
    if (isHealthy) lock.heartBeat().catch(() => {});
  }, 1000);
  try {
    const end = AbortSignal.any([lock.signal, shutdown.signal]);
    while (!end.aborted) {
      await workOneRound();
      lastRound = performance.now();
      await sleep(1000, undefined, { signal: end }).catch(() => {});
    }
  } finally {
    clearInterval(beats);
    log('leads no longer');
  }
}

/** The lock was lost, or PostgreSQL did not answer. */
async function tryAgain(error: unknown): Promise<void> {
  if (error === shutdown.signal.reason) return;
  if (!(error instanceof LivingLockError)) throw error;
  log(error.message);
  await sleep(1000, undefined, { signal: shutdown.signal }).catch(() => {});
}

/** What only the leader may do. */
async function workOneRound(): Promise<void> {
  const { rows } = await pool.query<{ mail: string }>('DELETE FROM queue RETURNING mail');
  for (const { mail } of rows) log(`sends ${mail}`);
}

function log(message: string): void {
  console.log(`${new Date().toISOString()} ${name} ${message}`);
}
