import { expect, it } from 'vitest';
import { acquire, breakLock, ErrLockStore, inspect, type Sign, type Stored } from '../src/index.js';
import { fileStore } from '../src/stores/file/index.js';
import { postgresStore } from '../src/stores/postgres/index.js';
import { redisStore } from '../src/stores/redis/index.js';
import { type SqliteDatabase, sqliteStore } from '../src/stores/sqlite/index.js';
import { FakeProcessTable, memoryStore } from '../src/testing/index.js';

// Every line is also checked by the compiler, with `exactOptionalPropertyTypes`.

const ALL = { clock: undefined, processes: undefined, life: undefined };
const SHARED = { clock: undefined, processes: undefined };

it('an option that is `undefined` is one that was left out', async () => {
  const store = memoryStore(ALL);
  const lock = await acquire('nightly', { store, dependencies: ALL });
  expect(await inspect('nightly', { store, dependencies: ALL })).toMatchObject({ state: 'live' });
  await lock.release();
  await breakLock('nightly', { store, dependencies: ALL });
  const database: SqliteDatabase = {
    prepare: () => ({ all: () => [] }),
    exec() {},
    isTransaction: undefined,
    inTransaction: undefined,
  };
  expect([
    fileStore({ ...ALL, fileSystem: undefined }),
    sqliteStore(database, SHARED),
    postgresStore({ query: async () => [] }, SHARED),
    redisStore({ eval: async () => null, evalsha: async () => null }, SHARED),
  ]).toHaveLength(4);
});

it('so is a field of a fake process', () => {
  const processes = new FakeProcessTable();
  const process = processes.start(
    { hostname: undefined, bootId: undefined, pidNamespace: undefined },
    {
      ignoresTerm: undefined,
      forbidden: undefined,
      user: undefined,
      parent: undefined,
      group: undefined,
      inheritedSocket: undefined,
    },
  );
  const { pid: _, started: __, ...place } = process.identity;
  expect(processes.own.identity).toMatchObject(place);
  expect(processes.liveness(process.identity)).toBe('alive');
});

it('so is a field of what a store of your own returns, or of an error that it throws', () => {
  const stored: Stored = {
    version: '1',
    record: null,
    foreign: undefined,
    age: 0,
    provenance: 'unknown',
    writtenAge: undefined,
    writer: undefined,
  };
  const sign: Sign = { descriptor: null, isShared: undefined, close() {} };
  expect([stored.foreign, sign.isShared]).toEqual([undefined, undefined]);
  expect(new ErrLockStore('nightly', 'EIO', 'The disk failed.', { isInDoubt: undefined }).isInDoubt).toBe(
    true,
  );
});
