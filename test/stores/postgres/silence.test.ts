import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { acquire, inspect, type Store } from '../../../src/index.js';
import { type PostgresConnection, postgresStore } from '../../../src/stores/postgres/index.js';
import { FakeClock, FakeProcessTable } from '../../../src/testing/index.js';
import { bareClaim } from '../../../support/claim.js';
import { poll } from '../../../support/running.js';
import { silentServer } from '../../../support/silent-server.js';
import { HOUR, MINUTE, SECOND, untyped } from '../../../support/world.js';

const NAME = 'nightly';
const TOKEN = 'token';
const CLAIM = bareClaim(TOKEN, new FakeProcessTable().self());

const SILENT: PostgresConnection = { query: () => new Promise(() => {}) };

const CHANGED = ' If the change was made anyway, the next call finds out.';

const OPERATIONS: readonly [words: string, operate: (store: Store) => unknown, advice?: string][] = [
  ['read the lock nightly', (store) => store.read(NAME), ''],
  ['create the lock nightly', (store) => store.claim(NAME, CLAIM)],
  ['take over the lock nightly', (store) => store.claim(NAME, CLAIM, '1 1 other')],
  ['write a heartbeat to the lock nightly', (store) => store.beat(NAME, TOKEN, {})],
  ['release the lock nightly', (store) => store.remove(NAME, TOKEN)],
  ['release the lock nightly', (store) => store.remove(NAME, TOKEN, HOUR)],
  ['list the locks of the database', (store) => store.names?.(), ''],
];

/** What a call has come to. */
function watch(call: unknown): () => unknown {
  let outcome: unknown = 'pending';
  Promise.resolve(call).then(
    () => {
      outcome = 'done';
    },
    (error: unknown) => {
      outcome = error;
    },
  );
  return () => outcome;
}

describe('a connection that never answers', () => {
  it.each(OPERATIONS)('is given up after 30 seconds: %s', async (words, operate, advice = CHANGED) => {
    const clock = new FakeClock();
    const outcome = watch(operate(postgresStore(SILENT, { clock })));
    await clock.advance(30 * SECOND - 1);
    expect(outcome()).toBe('pending');
    await clock.advance(1);
    expect(outcome()).toMatchObject({
      name: 'ErrLockStore',
      code: 'ETIMEDOUT',
      isInDoubt: true,
      message:
        `Cannot ${words}: no answer within 30 seconds. Check that the server is running and that its address is right, and that no transaction holds the row of the lock.` +
        advice,
    });
    expect(clock.sleeping).toBe(0);
  });

  it('is given up after `commandTimeout`', async () => {
    const clock = new FakeClock();
    const outcome = watch(postgresStore(SILENT, { clock, commandTimeout: '2m' }).read(NAME));
    await clock.advance(2 * MINUTE - 1);
    expect(outcome()).toBe('pending');
    await clock.advance(1);
    expect(outcome()).toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('is awaited forever with a `commandTimeout` of `Infinity`', async () => {
    const clock = new FakeClock();
    const outcome = watch(
      postgresStore(SILENT, { clock, commandTimeout: Number.POSITIVE_INFINITY }).read(NAME),
    );
    await clock.advance(1000 * HOUR);
    expect(outcome()).toBe('pending');
  });

  it.each([0, -1, 30, '30', 'soon', Number.NaN])(
    'does not take a `commandTimeout` of %s',
    (commandTimeout) => {
      expect(() => postgresStore(SILENT, untyped({ commandTimeout }))).toThrow(RangeError);
    },
  );

  it('does not take something else as `commandTimeout`', () => {
    expect(() => postgresStore(SILENT, untyped({ commandTimeout: true }))).toThrow(TypeError);
  });

  it('gets no further statement of an operation that was given up', async () => {
    const clock = new FakeClock();
    const statements: string[] = [];
    let refuse = (_error: Error): void => {};
    const connection: PostgresConnection = {
      query: (text) => {
        statements.push(text);
        return new Promise((_, reject) => {
          refuse = reject;
        });
      },
    };
    const outcome = watch(postgresStore(connection, { clock }).claim(NAME, CLAIM));
    await clock.advance(30 * SECOND);
    expect(outcome()).toMatchObject({ code: 'ETIMEDOUT' });
    refuse(Object.assign(new Error('relation does not exist'), { code: '42P01' }));
    await clock.advance(SECOND);
    expect(statements).toHaveLength(1);
  });
});

describe('a server that accepts and stays silent', () => {
  it.each(['Pool', 'Client'] as const)('does not hold up a call through a %s of pg', async (kind) => {
    const { port } = await silentServer();
    const where = { host: '127.0.0.1', port, user: 'x', database: 'x' };
    const connection = kind === 'Pool' ? new pg.Pool(where) : connecting(new pg.Client(where));
    const clock = new FakeClock();
    const store = postgresStore(connection, { clock });
    const calls = [
      watch(acquire(NAME, { store })),
      watch(inspect(NAME, { store })),
      watch(acquire(NAME, { store, signal: AbortSignal.timeout(1) })),
    ];
    await clock.advance(30 * SECOND);
    for (const outcome of calls.slice(0, 2)) {
      expect(outcome()).toMatchObject({
        code: 'ETIMEDOUT',
        message: expect.stringMatching(/no answer within 30 seconds\. Check that the server is running/),
      });
    }
    await poll('The signal did not end it', () => calls[2]?.() !== 'pending');
    expect(calls[2]?.()).toMatchObject({ name: 'TimeoutError' });
  });
});

describe('a client of pg that is not connected', () => {
  it.each([
    ['never was', new pg.Client()],
    ['could not be', new pg.Client({ host: '127.0.0.1', port: 1 })],
  ])('says so at once, if it %s', async (how, client) => {
    if (how === 'could not be') await expect(client.connect()).rejects.toThrow();
    const store = postgresStore(client);
    await expect(acquire(NAME, { store })).rejects.toMatchObject({
      code: '08003',
      isInDoubt: false,
      message:
        'Cannot read the lock nightly: the client is not connected. Call `await client.connect()` first, or give the store a `Pool`, which connects by itself.',
    });
  });
});

/** It never connects, and ends with the server. */
function connecting(client: pg.Client): pg.Client {
  client.connect().catch(() => {});
  return client;
}
