import { describe, expect, test } from 'vitest';
import { ErrFenced } from '../../../src/index.js';
import { fence, fenceSchema, type MysqlConnection } from '../../../src/stores/mysql/index.js';
import { untyped } from '../../../support/world.js';

// What a server does is tested in integration/mysql-fence.test.ts, if there is one.

const LOCK = { name: 'import', fencingToken: 41 };

/** A connection that answers to the query for the newest token, and what was asked of it. */
function connect(answer: unknown): MysqlConnection & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    query: async (sql) => {
      asked.push(sql.split(' ')[0] ?? '');
      return sql.startsWith('SELECT') ? answer : [{}, undefined];
    },
  };
}

describe('a fence in MySQL', () => {
  const shapes = (newest: string): [driver: string, answer: unknown][] => {
    const rows = {
      '': { newest },
      ' with `rowsAsArray`': [newest],
      ' with `nestTables: true`': { '': { newest } },
      " with `nestTables: '_'`": { _newest: newest },
      ' with `typeCast: false`': { newest: Buffer.from(newest) },
      ' with `rowsAsArray` and `typeCast: false`': [Buffer.from(newest)],
    };
    return Object.entries(rows).flatMap(([settings, row]): [string, unknown][] => [
      [`mysql2${settings}`, [[row], []]],
      [`mariadb${settings}`, [row]],
    ]);
  };

  test.each(shapes('41'))('understands that %s lets it pass', async (_, answer) => {
    const connection = connect(answer);
    await fence(connection, LOCK);
    expect(connection.asked).toEqual(['SAVEPOINT', 'INSERT', 'SELECT', 'RELEASE']);
  });

  test.each(shapes('42'))('understands that %s refuses it', async (_, answer) => {
    await expect(fence(connect(answer), LOCK)).rejects.toThrow(ErrFenced);
  });

  test.each([
    ['nothing', undefined],
    ['no row', [[], []]],
    ['no rows', []],
    ['a row without the token', [{ fencing_token: 41 }]],
    ['nothing in a row', [[[]], []]],
    ['nothing in a table', [[{ '': {} }], []]],
    ['another column of a table', [[{ '': { fencing_token: 41 } }], []]],
  ])('does not pass if the answer is %s', async (_, answer) => {
    await expect(fence(connect(answer), LOCK)).rejects.toThrow('instead of its token');
  });

  test('names its table', () => {
    expect(fenceSchema()).toContain('`livinglock_fences`');
    expect(fenceSchema({ tableName: 'fences' })).toContain('`fences`');
  });

  test.each([{ tableName: 'fences`; --' }, { createTable: true }])(
    'refuses the options %o',
    async (options) => {
      await expect(fence(connect([{ newest: '41' }]), LOCK, untyped(options))).rejects.toThrow(TypeError);
    },
  );
});
