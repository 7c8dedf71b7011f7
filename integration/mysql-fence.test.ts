import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { expect, onTestFinished, test } from 'vitest';
import { ErrFenced } from '../src/index.js';
import { type FencedLock, fence, fenceSchema } from '../src/stores/mysql/index.js';
import { describeWithMysql } from '../support/mysql/describe-with-mysql.js';
import type { MysqlServer } from '../support/mysql/mysql-server.js';

const FIRST: FencedLock = { name: 'import', fencingToken: 1_764_000_000_000_001 };
const SECOND: FencedLock = { name: 'import', fencingToken: 1_764_000_000_000_002 };

describeWithMysql('a fence in MariaDB', (server) => {
  test('lets a holder write as often as it likes, and then the next one, but not the first again', async () => {
    const { first: connection, rows } = await meet(server());
    for (const lock of [FIRST, FIRST, SECOND, SECOND]) {
      await connection.beginTransaction();
      await fence(connection, lock);
      await connection.commit();
    }
    await connection.beginTransaction();
    await expect(fence(connection, FIRST)).rejects.toMatchObject({
      code: 'ERR_FENCED',
      lock: 'import',
      fencingToken: FIRST.fencingToken,
      newestToken: SECOND.fencingToken,
    });
    await connection.rollback();
    expect(await rows()).toEqual([['import', SECOND.fencingToken]]);
  });

  test('is another one for each lock, however similar the names are', async () => {
    const { first: connection, rows } = await meet(server());
    const names = ['import', 'Import', 'import ', 'import\u0301', "'; --"];
    await connection.beginTransaction();
    for (const [index, name] of names.entries()) await fence(connection, { name, fencingToken: 9 - index });
    await connection.commit();
    expect(await rows()).toHaveLength(names.length);
  });

  test('is the same for all character sets of connections', async () => {
    const { first, rows, connect } = await meet(server());
    const second = await connect({ charset: 'LATIN1_SWEDISH_CI' });
    const claim = async (connection: mysql.Connection, name: string, fencingToken: number) => {
      await connection.beginTransaction();
      await fence(connection, { name, fencingToken });
      await connection.commit();
    };
    await claim(first, 'café', 2);
    await expect(claim(second, 'café', 1)).rejects.toThrow(ErrFenced);
    await second.rollback();
    await claim(second, '日報', 2);
    await claim(second, '月報', 1);
    expect(await rows()).toEqual([
      ['café', 2],
      ['日報', 2],
      ['月報', 1],
    ]);
  });

  const settings: mysql.ConnectionOptions[] = [
    { rowsAsArray: true },
    { nestTables: true },
    { nestTables: '_' },
    { typeCast: false },
    { rowsAsArray: true, typeCast: false },
  ];

  test.each(settings)('is the same for a connection with %o', async (options) => {
    const { connect } = await meet(server());
    const connection = await connect(options);
    for (const lock of [FIRST, SECOND]) {
      await connection.beginTransaction();
      await fence(connection, lock);
      await connection.commit();
    }
    await connection.beginTransaction();
    await expect(fence(connection, FIRST)).rejects.toThrow(ErrFenced);
  });

  test.each(['a connection', 'a pool'])('is refused for %s outside of a transaction', async (kind) => {
    const { first, pool } = await meet(server());
    await expect(fence(kind === 'a pool' ? pool : first, FIRST)).rejects.toMatchObject({
      code: 'ERR_FENCE_WITHOUT_TRANSACTION',
    });
  });

  test('is not refused on a connection without autocommit', async () => {
    const { first } = await meet(server());
    await first.query('SET autocommit = 0');
    await fence(first, FIRST);
    await first.commit();
  });

  test('needs its table, and says what creates it', async () => {
    const { first } = await meet(server());
    await first.beginTransaction();
    await expect(fence(first, FIRST, { tableName: 'fences' })).rejects.toMatchObject({
      code: 'ER_NO_SUCH_TABLE',
      message: expect.stringMatching(/^Cannot claim the fence of import: .+`fenceSchema\(\)`/),
    });
  });

  const levels = ['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'];

  test.each(levels)(
    'at %s makes the later holder wait for the earlier one, and see all it has written',
    async (level) => {
      const { pool, first, second, begin } = await meet(server());
      await begin(level);
      await fence(first, FIRST);
      const seen = fence(second, SECOND).then(() => second.query('SELECT * FROM results'));
      await someoneToWait(pool);
      await first.query("INSERT INTO results VALUES ('a result')");
      await first.commit();
      expect((await seen)[0]).toEqual([{ result: 'a result' }]);
    },
  );

  test.each(levels)(
    'at %s makes the earlier holder wait for the later one, and refuses it',
    async (level) => {
      const { pool, first, second, begin } = await meet(server());
      await begin(level);
      await fence(second, SECOND);
      const refused = expect(fence(first, FIRST)).rejects.toThrow(ErrFenced);
      await someoneToWait(pool);
      await second.commit();
      await refused;
    },
  );

  test('stays locked even if the claim changes nothing', async () => {
    const { pool, first, second, begin } = await meet(server());
    await first.beginTransaction();
    await fence(first, FIRST);
    await first.commit();
    await begin();
    await fence(first, FIRST);
    const claimed = fence(second, SECOND);
    await someoneToWait(pool);
    await first.commit();
    await claimed;
  });
});

describeWithMysql(
  'a fence in MariaDB with snapshot isolation',
  (server) => {
    test('at SERIALIZABLE reports a conflict to the earlier holder, and refuses it when it tries again', async () => {
      const { pool, first, second, begin } = await meet(server());
      await begin('SERIALIZABLE');
      await fence(second, SECOND);
      const conflict = expect(fence(first, FIRST)).rejects.toMatchObject({ code: 'ER_CHECKREAD' });
      await someoneToWait(pool);
      await second.commit();
      await conflict;
      await begin('SERIALIZABLE');
      await expect(fence(first, FIRST)).rejects.toThrow(ErrFenced);
    });
  },
  '--innodb-snapshot-isolation=ON',
);

let databases = 0;

/** A database of a test's own with the table of fences, and two connections. */
async function meet({ socket }: MysqlServer) {
  const database = `d${++databases}`;
  const root = await mysql.createConnection({ socketPath: socket, user: 'root' });
  await root.query(`CREATE DATABASE ${database}`);
  await root.end();
  const pool = mysql.createPool({ socketPath: socket, user: 'root', database });
  onTestFinished(() => pool.end());
  const connect = async (options: mysql.ConnectionOptions = {}) => {
    const connection = await mysql.createConnection({
      socketPath: socket,
      user: 'root',
      database,
      ...options,
    });
    onTestFinished(() => connection.destroy());
    return connection;
  };
  const first = await connect();
  const second = await connect();
  await first.query(fenceSchema());
  await first.query('CREATE TABLE results (result TEXT) ENGINE = InnoDB');
  return {
    pool,
    connect,
    first,
    second,
    begin: async (level = 'REPEATABLE READ') => {
      for (const connection of [first, second]) {
        await connection.rollback();
        await connection.query(`SET TRANSACTION ISOLATION LEVEL ${level}`);
        await connection.beginTransaction();
      }
    },
    rows: async () => {
      const [rows] = await first.query({
        sql: 'SELECT CONVERT(lock_name USING utf8mb4), fencing_token FROM livinglock_fences ORDER BY lock_name',
        rowsAsArray: true,
      });
      return rows;
    },
  };
}

/** Resolves when a statement waits for another transaction. */
async function someoneToWait(pool: mysql.Pool): Promise<void> {
  for (;;) {
    const [rows] = await pool.query<mysql.RowDataPacket[]>(
      "SHOW GLOBAL STATUS WHERE Variable_name = 'Innodb_row_lock_current_waits' AND Value > 0",
    );
    if (rows.length > 0) return;
    await sleep(2);
  }
}
