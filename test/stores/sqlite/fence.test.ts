import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ErrFenced, ErrLockStore } from '../../../src/index.js';
import {
  type FencedLock,
  fence,
  fenceSchema,
  type SqliteDatabase,
  type SqliteFenceOptions,
} from '../../../src/stores/sqlite/index.js';
import { temporaryFolder, untyped } from '../../../support/world.js';
import { type Driver, drivers, twin } from './databases.js';

const FIRST: FencedLock = { name: 'import', fencingToken: 1_764_000_000_000_001 };
const SECOND: FencedLock = { name: 'import', fencingToken: 1_764_000_000_000_002 };

function open(path = ':memory:', driver: Driver = twin) {
  const database = driver.open(path);
  onTestFinished(() => database.close());
  return database;
}

function claim(database: SqliteDatabase, lock: FencedLock, options?: SqliteFenceOptions): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    fence(database, lock, options);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function rowsOf(database: SqliteDatabase): unknown[] {
  return database
    .prepare('SELECT lock_name, fencing_token FROM livinglock_fences ORDER BY lock_name')
    .all()
    .map((row) => Object.values(row ?? {}));
}

describe.each(drivers)('a fence in SQLite by $name', (driver) => {
  test('lets a holder write as often as it likes, and then the next one', () => {
    const database = open(':memory:', driver);
    claim(database, FIRST);
    claim(database, FIRST);
    claim(database, SECOND);
    claim(database, SECOND);
    expect(rowsOf(database)).toEqual([['import', SECOND.fencingToken]]);
  });

  test('refuses a holder once a later one has claimed it, and says by which tokens', () => {
    const database = open(':memory:', driver);
    claim(database, SECOND);
    const refused = () => claim(database, FIRST);
    expect(refused).toThrow(ErrFenced);
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'ERR_FENCED',
        lock: 'import',
        fencingToken: FIRST.fencingToken,
        newestToken: SECOND.fencingToken,
      }),
    );
    expect(rowsOf(database)).toEqual([['import', SECOND.fencingToken]]);
  });

  test('is refused outside of a transaction', () => {
    const database = open(':memory:', driver);
    claim(database, FIRST);
    const refused = () => fence(database, SECOND);
    expect(refused).toThrow(ErrLockStore);
    expect(refused).toThrow(expect.objectContaining({ code: 'ERR_FENCE_WITHOUT_TRANSACTION' }));
    expect(rowsOf(database)).toEqual([['import', FIRST.fencingToken]]);
  });
});

describe('a fence in SQLite', () => {
  test('asks SQLite if the driver does not tell whether there is a transaction', () => {
    const database = open();
    const silent: SqliteDatabase = {
      prepare: (sql) => database.prepare(sql),
      exec: (sql) => database.exec(sql),
    };
    claim(silent, FIRST);
    const refused = () => fence(silent, SECOND);
    expect(refused).toThrow(expect.objectContaining({ code: 'ERR_FENCE_WITHOUT_TRANSACTION' }));
    expect(database.isTransaction).toBe(false);
    expect(rowsOf(database)).toEqual([['import', FIRST.fencingToken]]);
  });

  test('keeps all other connections from writing until the transaction ends', () => {
    const path = join(temporaryFolder(), 'shop.db');
    const first = open(path);
    const second = open(path);
    first.exec(fenceSchema());
    // It has read nothing yet, so this is the claim that takes the write lock.
    first.exec('BEGIN');
    fence(first, FIRST);
    second.exec('PRAGMA busy_timeout = 0');
    expect(() => claim(second, SECOND)).toThrow(/database is locked/);
    first.exec('COMMIT');
    claim(second, SECOND);
    expect(() => claim(first, FIRST)).toThrow(ErrFenced);
  });

  test('is not claimed by a transaction that is rolled back', () => {
    const database = open();
    claim(database, FIRST);
    database.exec('BEGIN IMMEDIATE');
    fence(database, SECOND);
    database.exec('ROLLBACK');
    claim(database, FIRST);
  });

  test('is another one for each lock, however similar the names are', () => {
    const database = open();
    const names = ['import', 'Import', 'import ', 'import\u0301', "'; --"];
    for (const [index, name] of names.entries()) claim(database, { name, fencingToken: 9 - index });
    expect(rowsOf(database)).toHaveLength(names.length);
  });

  test('needs its table with `createTable: false`, and says what creates it', () => {
    const database = open();
    const options = { tableName: 'fences', createTable: false };
    expect(() => claim(database, FIRST, options)).toThrow(
      /^Cannot claim the fence of import: no such table: .+`fenceSchema\(\)`/,
    );
    database.exec(fenceSchema({ tableName: 'fences' }));
    database.exec(fenceSchema({ tableName: 'fences' }));
    claim(database, FIRST, options);
    expect(() => claim(database, { ...FIRST, fencingToken: 1 }, options)).toThrow(ErrFenced);
  });

  test.each(['attached', 'temporary'])('is not claimed in a table of the same name that is %s', (kind) => {
    const path = join(temporaryFolder(), 'shop.db');
    const [first, second] = [open(path), open(path)];
    const other = kind === 'attached' ? 'crm' : 'temp';
    if (kind === 'attached') first.exec(`ATTACH '${join(temporaryFolder(), 'crm.db')}' AS crm`);
    first.exec(fenceSchema().replace('"livinglock_fences"', `${other}.livinglock_fences`));
    claim(first, SECOND);
    expect(() => claim(second, FIRST)).toThrow(ErrFenced);
  });

  test.each([
    ['without a token', { name: 'import', fencingToken: Number(undefined) }, {}],
    ['of a store without tokens', { name: 'import', fencingToken: 0 }, {}],
    ['without a name', { name: '', fencingToken: 1 }, {}],
    ['in a table with a strange name', FIRST, { tableName: 'fences"; --' }],
    ['in a table that SQLite reserves', FIRST, { tableName: 'sqlite_fences' }],
    ['with an unknown option', FIRST, { schema: 'main' }],
    ['with an option of the wrong type', FIRST, { createTable: 'yes' }],
  ])('refuses a lock %s', (_, lock, options) => {
    expect(() => claim(open(), lock, untyped(options))).toThrow(TypeError);
  });
});
