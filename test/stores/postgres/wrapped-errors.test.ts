import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { ErrLockStore } from '../../../src/index.js';
import type { PostgresConnection } from '../../../src/stores/postgres/connection.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';

const NAME = 'nightly';
const MISSING = 'relation "livinglock" does not exist';

/** An error as a library makes it. */
function errorOf(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields });
}

function driverError(code: string, message: string): Error {
  return errorOf('error', message, { code, severity: 'ERROR' });
}

/** What wraps an error of `pg` in each library, with the fields that its sources set. */
const WRAPPERS: Readonly<Record<string, (error: Error & { code?: string }) => Error>> = {
  Drizzle: (cause) =>
    errorOf('DrizzleQueryError', 'Failed query: SELECT …\nparams: nightly', {
      query: 'SELECT …',
      params: ['nightly'],
      cause,
    }),
  'Drizzle 1, which copies the code': (cause) =>
    errorOf('DrizzleQueryError', 'Failed query: SELECT …\nparams: nightly', { cause, code: cause.code }),
  'Sequelize 6': (parent) =>
    errorOf('SequelizeDatabaseError', parent.message, {
      parent,
      original: parent,
      sql: 'SELECT …',
      parameters: {},
    }),
  'Sequelize 7': (cause) => errorOf('SequelizeDatabaseError', cause.message, { cause, sql: 'SELECT …' }),
  TypeORM: (error) =>
    errorOf('QueryFailedError', error.message, {
      query: 'SELECT …',
      parameters: [],
      driverError: error,
    }),
  'Knex, which puts the statement first': (error) => {
    error.message = `WITH moment AS (SELECT 1 - 2)\n  SELECT … - ${error.message}`;
    return error;
  },
  'a statement other than a query in Knex': (error) => {
    error.message = `LOCK TABLE "locks" IN ROW EXCLUSIVE MODE - ${error.message}`;
    return error;
  },
  Bun: ({ code, message }) =>
    errorOf('PostgresError', message, { code: 'ERR_POSTGRES_SERVER_ERROR', errno: code, severity: 'ERROR' }),
  'Prisma 6': ({ code, message }) =>
    errorOf('PrismaClientKnownRequestError', `Raw query failed. Code: \`${code}\`. Message: \`${message}\``, {
      code: 'P2010',
      meta: { code, message },
      clientVersion: '6.19.0',
    }),
  'Prisma 7': ({ code, message }) =>
    errorOf('PrismaClientKnownRequestError', `Raw query failed. Code: \`${code}\`. Message: \`${message}\``, {
      code: 'P2010',
      meta: {
        driverAdapterError: errorOf('DriverAdapterError', 'TableDoesNotExist', {
          cause: { originalCode: code, originalMessage: message, kind: 'TableDoesNotExist' },
        }),
      },
    }),
  'one inside another': (error) =>
    new Error('The job failed', {
      cause: errorOf('QueryFailedError', 'failed', { driverError: new Error('failed', { cause: error }) }),
    }),
};

function failing(...errors: unknown[]): PostgresConnection {
  return {
    query: async () => {
      if (errors.length > 0) throw errors.shift();
      return { rows: [] };
    },
  };
}

function read(error: unknown): Promise<unknown> {
  return Promise.resolve(
    postgresStore(failing(error, error, error, error), { createTable: false }).read(NAME),
  );
}

describe.each(Object.entries(WRAPPERS))('an error of PostgreSQL in one of %s', (_library, wrap) => {
  it('keeps its code and its words', async () => {
    const wrapped = wrap(driverError('42P01', MISSING));
    await expect(read(wrapped)).rejects.toMatchObject({
      name: 'ErrLockStore',
      code: '42P01',
      cause: wrapped,
      message: `Cannot read the lock nightly: ${MISSING}. Create the table from \`livinglock schema postgres\`, or in a program leave out \`createTable: false\`. If it is another table, a trigger needs it.`,
    });
  });

  it('means that nobody holds the lock, if the table does not exist yet', async () => {
    const wrapped = wrap(driverError('42P01', MISSING));
    expect(await postgresStore(failing(wrapped)).read(NAME)).toBeNull();
  });

  it.each(['40001', '40P01', '57P01', '57P05'])('is tried again after %s', async (code) => {
    const wrapped = wrap(driverError(code, 'made up'));
    expect(await postgresStore(failing(wrapped)).read(NAME)).toBeNull();
  });
});

describe('a conflict with other transactions', () => {
  it('is tried again until there were ten', async () => {
    const conflicts = (count: number) =>
      failing(...Array.from({ length: count }, () => driverError('40001', 'conflict')));
    expect(await postgresStore(conflicts(9)).read(NAME)).toBeNull();
    await expect(postgresStore(conflicts(10)).read(NAME)).rejects.toMatchObject({ code: '40001' });
  });
});

// As drivers without the field that says where it happened report it, in several languages.
describe('a missing table', () => {
  it.each([
    'relation "audit.livinglock" does not exist',
    'Relation »audit.livinglock« existiert nicht',
    'la relation « élivinglock » n’existe pas',
    'リレーション"audit.livinglock"は存在しません',
  ])('of another name is not that of the locks: %s', async (message) => {
    const store = postgresStore(failing(driverError('42P01', message)));
    await expect(store.read(NAME)).rejects.toMatchObject({ code: '42P01' });
  });

  it.each([
    ['livinglock', undefined],
    ['ops.livinglock', 'ops'],
  ])('of the name that was asked for means that nobody holds the lock: %s', async (table, schema) => {
    for (const message of [`リレーション"${table}"は存在しません`, `Relation »${table}« existiert nicht`]) {
      const store = postgresStore(failing(driverError('42P01', message)), { schema });
      expect(await store.read(NAME)).toBeNull();
    }
  });
});

describe('a connection that was lost', () => {
  const postgresJs = (code: string) => {
    const error = errorOf('Error', `write ${code} db:5432`, { code, errno: code, address: 'db', port: 5432 });
    // It rejects with an object that inherits from the error.
    return Object.create(error, { query: { value: 'SELECT …' } });
  };

  it.each([
    ['postgres.js', postgresJs('CONNECTION_CLOSED')],
    ['Bun', errorOf('PostgresError', 'Connection closed', { code: 'ERR_POSTGRES_CONNECTION_CLOSED' })],
    ['postgres.js', postgresJs('CONNECTION_DESTROYED')],
    ['postgres.js', postgresJs('CONNECTION_ENDED')],
    ['pg', new Error('Connection terminated unexpectedly')],
    ['pg in Drizzle', WRAPPERS['Drizzle']?.(new Error('Connection terminated unexpectedly'))],
    ['pg in Knex', new Error('SELECT 2 - 1\n  AS one - Connection terminated unexpectedly')],
    ['Sequelize', WRAPPERS['Sequelize 6']?.(errorOf('Error', 'read ECONNRESET', { code: 'ECONNRESET' }))],
    [
      'Prisma',
      errorOf('PrismaClientKnownRequestError', 'Server has closed the connection.', { code: 'P1017' }),
    ],
    [
      'Prisma with a driver adapter',
      errorOf('PrismaClientKnownRequestError', 'Raw query failed. Code: `N/A`.', {
        code: 'P2010',
        meta: {
          driverAdapterError: errorOf('DriverAdapterError', 'ConnectionClosed', {
            cause: { kind: 'ConnectionClosed' },
          }),
        },
      }),
    ],
  ])('is replaced by others of the pool, up to three, with %s', async (_driver, error) => {
    expect(await postgresStore(failing(error, error, error)).read(NAME)).toBeNull();
    await expect(read(error)).rejects.toThrow(ErrLockStore);
  });

  it.each(['CONNECTION_ENDED', 'CONNECTION_DESTROYED'])(
    'for good says what to do: %s of postgres.js',
    async (code) => {
      await expect(read(postgresJs(code))).rejects.toMatchObject({
        code,
        message: `Cannot read the lock nightly: write ${code} db:5432. A closed connection does not reopen: give the store a \`Pool\`, and end it after the last release.`,
      });
    },
  );
});

describe('a pool of which all connections are in use', () => {
  const acquireTimeout = errorOf('TimeoutError', 'Operation timeout');

  it.each([
    ['pg', new Error('timeout exceeded when trying to connect')],
    [
      'Knex',
      errorOf(
        'KnexTimeoutError',
        'Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?',
      ),
    ],
    [
      'Sequelize',
      errorOf('SequelizeConnectionAcquireTimeoutError', 'Operation timeout', {
        parent: acquireTimeout,
        original: acquireTimeout,
      }),
    ],
    [
      'Prisma',
      errorOf(
        'PrismaClientKnownRequestError',
        'Timed out fetching a new connection from the connection pool.',
        {
          code: 'P2024',
          meta: { connection_limit: 1, timeout: 10 },
        },
      ),
    ],
  ])('says so, with %s', async (_driver, error) => {
    await expect(read(error)).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      isInDoubt: false,
      message: expect.stringMatching(
        /^Cannot read the lock nightly: .+[^.]\. All connections of the pool are in use: check that the server answers\. In a program, .+ raise `max`/,
      ),
    });
  });
});

it.each([
  new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
  new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string'),
  driverError('28P01', 'empty password returned by client'),
])('a missing password is called that: %s', async (error) => {
  await expect(read(error)).rejects.toMatchObject({
    code: '28P01',
    message: expect.stringMatching(/ No password was given: set PGPASSWORD, write it to ~\/\.pgpass, or /),
  });
});

describe('an error that does not come from PostgreSQL', () => {
  it.each([
    ['text', 'made up', 'XX000', 'made up'],
    ['without a code', new Error('made up'), 'XX000', 'made up'],
    [
      'with a code of Node',
      errorOf('Error', 'expired', { code: 'CERT_HAS_EXPIRED' }),
      'CERT_HAS_EXPIRED',
      'expired',
    ],
    ['with a number of Prisma', errorOf('Error', 'made up', { code: 'P2028' }), 'P2028', 'made up'],
    [
      'of several addresses',
      Object.assign(new AggregateError([new Error('one'), new Error('two')]), { code: 'ECONNREFUSED' }),
      'ECONNREFUSED',
      'one, two',
    ],
    [
      'of several addresses, in a test of Jest',
      Object.assign(runInNewContext("new AggregateError([new Error('one'), new Error('two')])"), {
        code: 'ECONNREFUSED',
      }),
      'ECONNREFUSED',
      'one, two',
    ],
  ])('is passed on: %s', async (_what, error, code, words) => {
    await expect(read(error)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`Cannot read the lock nightly: ${words}`),
    });
  });

  it('may contain itself', async () => {
    const error = errorOf('Error', 'made up');
    error.cause = Object.assign(new Error('inner', { cause: error }), { original: error });
    await expect(read(error)).rejects.toMatchObject({
      code: 'XX000',
      message: 'Cannot read the lock nightly: made up',
    });
  });

  it('may be wrapped a thousand times', async () => {
    let error = new Error('made up');
    for (let depth = 0; depth < 1000; depth++) error = new Error('outer', { cause: error });
    await expect(read(error)).rejects.toMatchObject({ code: 'XX000' });
  });
});
