import { createRequire } from 'node:module';
import type pg from 'pg';
import type { Held, Rival } from './rival.js';

/** Not imported: for Node, its default export is a property of the default export; for bundlers it is the default export itself. */
const { default: mutexes }: typeof import('advisory-lock') = createRequire(import.meta.url)('advisory-lock');

/** The package `advisory-lock`, which opens a connection for each try, and closes it when the lock is released. */
export function advisoryLockPackage(url: string): Rival {
  const mutexOf = mutexes(url);
  return {
    name: 'advisory-lock',
    async acquire(name): Promise<Held | null> {
      const release = await mutexOf(name).tryLock();
      return release === undefined ? null : { release };
    },
  };
}

/**
 * PostgreSQL's own lock, by hand: the lower limit for a lock in PostgreSQL. It writes nothing, needs its own connection
 * for as long as it is held, ends with that connection, and cannot detect a holder that hangs.
 */
export function advisoryLockByHand(pool: pg.Pool): Rival {
  return {
    name: '`pg_try_advisory_lock`, by hand',
    async acquire(name): Promise<Held | null> {
      const client = await pool.connect();
      const { rows } = await client.query(
        'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS "isMine"',
        [name],
      );
      if (rows[0]?.isMine !== true) {
        client.release();
        return null;
      }
      return {
        async release() {
          await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]);
          client.release();
        },
      };
    },
  };
}
