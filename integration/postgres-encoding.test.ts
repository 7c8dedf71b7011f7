import type pg from 'pg';
import { expect, test } from 'vitest';
import { describeWithPostgres, PostgresLocks } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';

describeWithPostgres('a database that is not in UTF-8', (server) => {
  async function latin1(): Promise<pg.Pool> {
    const name = `d${Math.random().toString(36).slice(2)}`;
    await poolOf(server()).query(
      `CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    return poolOf(server(), { connectionString: server().urlFor().replace('/postgres?', `/${name}?`) });
  }

  test('keeps the texts that it can', async () => {
    const pool = await latin1();
    const locks = new PostgresLocks(server());
    const lock = await locks.acquire(pool, { owner: 'büro', command: 'déjà vu' });
    await lock.heartBeat({ note: 'naïve' });
    expect(await locks.inspect(pool)).toMatchObject({
      holder: { owner: 'büro', command: 'déjà vu', progress: { note: 'naïve' } },
    });
  });

  test('gets in ASCII what it could not keep otherwise, and the lock stays held', async () => {
    const pool = await latin1();
    const locks = new PostgresLocks(server());
    const lock = await locks.acquire(pool, { owner: 'büro', command: 'import --currency € \0 😀' });
    expect(await locks.inspect(pool)).toMatchObject({
      holder: { token: lock.token, owner: 'büro', command: 'import --currency ? ? ?' },
    });
    await lock.heartBeat({ note: '5 € ␛' });
    expect(await locks.inspect(pool)).toMatchObject({
      holder: { token: lock.token, progress: { note: '5 ? ?' } },
    });
    await lock.release();
    await (await locks.acquire(pool)).release();
  });

  test('gets in ASCII a note that it cannot keep, in a store that has claimed without', async () => {
    const pool = await latin1();
    const locks = new PostgresLocks(server());
    const store = locks.store(pool);
    const { token } = await locks.acquire(pool, { store, command: 'import' });
    const beat = async () => {
      const progress = { ratio: null, note: '5 €' };
      const kept = { done: true, record: { progress: { note: '5 ?' } } };
      expect(await store.beat(locks.lock, token, { progress })).toMatchObject(kept);
    };
    await Promise.all([beat(), beat()]);
    await beat();
  });

  test.each([
    ['name', '5 €', {}],
    ['owner', 'prices', { owner: '5 €' }],
  ])('that lacks a character of the %s says what to do', async (_what, name, options) => {
    const pool = await latin1();
    const locks = new PostgresLocks(server());
    const store = { ...locks.store(pool), resolve: () => name };
    await expect(locks.acquire(pool, { store, ...options })).rejects.toMatchObject({
      name: 'ErrLockStore',
      code: '22P05',
      message: expect.stringContaining(
        'The database is not in UTF-8, and lacks a character of the name of the lock or of its `owner`: use other characters, or a database in UTF-8.',
      ),
    });
  });
});
