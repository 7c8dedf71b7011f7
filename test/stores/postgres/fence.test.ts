import { randomUUID } from 'node:crypto';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ErrFenced, ErrLockStore } from '../../../src/index.js';
import { type FencedLock, fence, fenceSchema } from '../../../src/stores/postgres/index.js';
import { untyped } from '../../../support/world.js';

const FIRST: FencedLock = { name: 'import', fencingToken: 1_764_000_000_000_001 };
const SECOND: FencedLock = { name: 'import', fencingToken: 1_764_000_000_000_002 };

let database: PGlite;

beforeAll(async () => {
  database = await PGlite.create();
});

afterAll(() => database.close());

/** A table that no other test uses. */
function makeTable(createTable = true) {
  const tableName = `t${randomUUID().replaceAll('-', '')}`;
  return {
    tableName,
    claim: (lock: FencedLock) =>
      database.transaction((transaction) => fence(transaction, lock, { tableName, createTable })),
    rows: async () => {
      const { rows } = await database.query(`SELECT * FROM ${tableName} ORDER BY lock_name`);
      return rows;
    },
  };
}

describe('a fence in PostgreSQL', () => {
  test('lets a holder write as often as it likes, and then the next one', async () => {
    const { claim, rows } = makeTable();
    await claim(FIRST);
    await claim(FIRST);
    await claim(SECOND);
    await claim(SECOND);
    expect(await rows()).toEqual([{ lock_name: 'import', fencing_token: SECOND.fencingToken }]);
  });

  test('refuses a holder once a later one has claimed it, and says by which tokens', async () => {
    const { claim, rows } = makeTable();
    await claim(SECOND);
    const refusal = await claim(FIRST).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ErrFenced);
    expect(refusal).toMatchObject({
      code: 'ERR_FENCED',
      lock: 'import',
      fencingToken: FIRST.fencingToken,
      newestToken: SECOND.fencingToken,
      message: expect.stringMatching(
        /^import is fenced off .+ 1764000000000001 .+ 1764000000000002\. Roll back/,
      ),
    });
    expect(await rows()).toEqual([{ lock_name: 'import', fencing_token: SECOND.fencingToken }]);
  });

  test('is not claimed by a transaction that is rolled back', async () => {
    const { claim, tableName } = makeTable();
    await claim(FIRST);
    const failed = database.transaction(async (transaction) => {
      await fence(transaction, SECOND, { tableName });
      throw new Error('a bug of the job');
    });
    await expect(failed).rejects.toThrow('a bug of the job');
    await claim(FIRST);
  });

  test('is another one for each lock, however similar the names are', async () => {
    const { claim, rows } = makeTable();
    const names = ['import', 'Import', 'import ', 'import\u0301', "'; --"];
    for (const [index, name] of names.entries()) await claim({ name, fencingToken: 9 - index });
    expect(await rows()).toHaveLength(names.length);
  });

  test.each([true, false])('is refused outside of a transaction, createTable: %s', async (createTable) => {
    const { tableName, claim, rows } = makeTable();
    await claim(FIRST);
    const refused = fence(database, SECOND, { tableName, createTable });
    await expect(refused).rejects.toThrow(ErrLockStore);
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_FENCE_WITHOUT_TRANSACTION',
      isInDoubt: false,
      message: expect.stringContaining('import outside of a transaction'),
    });
    expect(await rows()).toEqual([{ lock_name: 'import', fencing_token: FIRST.fencingToken }]);
  });

  test('creates no table outside of a transaction', async () => {
    const { tableName } = makeTable();
    const refused = fence(database, FIRST, { tableName });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_FENCE_WITHOUT_TRANSACTION' });
    const { rows } = await database.query('SELECT to_regclass($1)::text AS found', [tableName]);
    expect(rows).toEqual([{ found: null }]);
  });

  test('needs its table with `createTable: false`, and says what creates it', async () => {
    const { tableName, claim } = makeTable(false);
    await expect(claim(FIRST)).rejects.toMatchObject({
      code: '42P01',
      message: expect.stringMatching(/^Cannot claim the fence of import: .+`fenceSchema\(\)`/),
    });
    await database.query(fenceSchema({ tableName }));
    await database.query(fenceSchema({ tableName }));
    await claim(FIRST);
  });

  test('passes on that a trigger needs another table of that name', async () => {
    const { tableName, claim } = makeTable();
    await claim(FIRST);
    await database.exec(`
      CREATE FUNCTION audit_fences() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO audit.${tableName} VALUES (1); RETURN NEW; END $$;
      CREATE TRIGGER audit BEFORE UPDATE ON ${tableName} FOR EACH ROW EXECUTE FUNCTION audit_fences()`);
    const refused = claim(FIRST);
    await expect(refused).rejects.toMatchObject({ code: '42P01' });
    await expect(refused).rejects.not.toThrow(ErrLockStore);
  });

  test('may have its table in another schema', async () => {
    await database.query('CREATE SCHEMA ops');
    await database.transaction((transaction) => fence(transaction, FIRST, { schema: 'ops' }));
    const { rows } = await database.query('SELECT lock_name FROM ops.livinglock_fences');
    expect(rows).toEqual([{ lock_name: 'import' }]);
  });

  test.each([
    ['without a token', { name: 'import', fencingToken: Number(undefined) }, {}],
    ['of a store without tokens', { name: 'import', fencingToken: 0 }, {}],
    ['without a name', { name: '', fencingToken: 1 }, {}],
    ['with a name that is too long', { name: 'x'.repeat(256), fencingToken: 1 }, {}],
    ['in a table with a strange name', FIRST, { tableName: 'fences"; --' }],
    ['with an unknown option', FIRST, { table: 'fences' }],
    ['with an option of the wrong type', FIRST, { createTable: 'yes' }],
  ])('refuses a lock %s', async (_, lock, options) => {
    await expect(
      database.transaction((transaction) => fence(transaction, lock, untyped(options))),
    ).rejects.toThrow(TypeError);
  });
});
