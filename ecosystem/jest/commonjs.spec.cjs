// Jest as it comes: CommonJS, and each test file in a context of its own, whose `Error` is not that of Node's own modules.
const { spawnSync } = require('node:child_process');
const { chmodSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const {
  acquire,
  ErrLockBusy,
  ErrLockStore,
  ErrNotALock,
  inspect,
  tryWithLock,
  verifyFileSystem,
} = require('livinglock');
const { fileStore } = require('livinglock/file');
const { postgresStore } = require('livinglock/postgres');
const { redisStore } = require('livinglock/redis');
const { sqliteStore } = require('livinglock/sqlite');
const { FakeClock, FakeProcessTable, memoryStore, storeCases, testStore } = require('livinglock/testing');

let folder;
let path;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'livinglock-'));
  path = join(folder, 'job.lock');
});

afterEach(() => rmSync(folder, { recursive: true }));

test('a dead holder is replaced', async () => {
  const dead = spawnSync(process.execPath, ['--version']).pid;
  writeFileSync(path, JSON.stringify({ process_id: dead, timestamp: new Date().toISOString() }));
  const lock = await acquire(path, { heartbeatMinimalInterval: 0 });
  await lock.heartBeat({ note: 'written' });
  const { state, holder } = await inspect(path);
  expect({ state, note: holder.progress.note }).toEqual({ state: 'live', note: 'written' });
  await expect(acquire(path)).rejects.toBeInstanceOf(ErrLockBusy);
  await lock.release();
});

test('contenders take turns', async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await null;
    inside -= 1;
  };
  const runs = await Promise.all(Array.from({ length: 10 }, () => tryWithLock(path, { wait: '1m' }, work)));
  expect(runs.every(({ ran }) => ran)).toBe(true);
  expect(most).toBe(1);
});

test('errors of the system are recognized', async () => {
  writeFileSync(path, 'a,b\n');
  await expect(acquire(path)).rejects.toBeInstanceOf(ErrNotALock);
  await expect(acquire(join(path, 'below.lock'))).rejects.toBeInstanceOf(ErrLockStore);
  await expect(acquire(join(folder, 'n'.repeat(300)))).rejects.toBeInstanceOf(ErrLockStore);
  await expect(verifyFileSystem(join(folder, 'missing'))).rejects.toBeInstanceOf(ErrLockStore);
});

(process.geteuid?.() === 0 ? test.skip : test)('a folder that cannot be written to', async () => {
  chmodSync(folder, 0o500);
  await expect(acquire(path)).rejects.toMatchObject({ name: 'ErrLockStore', code: 'EACCES' });
});

test('verifyFileSystem starts its processes', async () => {
  const { verdict } = await verifyFileSystem(folder, { processes: 2, duration: '300ms' });
  expect(verdict).toBe('safe');
});

test('all entry points are there', async () => {
  const clock = new FakeClock();
  const dependencies = { clock, processes: new FakeProcessTable(clock) };
  const lock = await acquire(path, { dependencies, store: fileStore(dependencies) });
  await lock.release();
  expect([postgresStore, redisStore, sqliteStore, storeCases, testStore].map((each) => typeof each)).toEqual(
    Array.from({ length: 5 }, () => 'function'),
  );
});

test('an answer of a store may be any thenable', async () => {
  const store = memoryStore();
  // As a driver may make them: not of the class `Promise`.
  class Thenable {
    constructor(promise) {
      // biome-ignore lint/suspicious/noThenProperty: that is what is tested.
      this.then = promise.then.bind(promise);
    }
  }
  const later =
    (method) =>
    (...args) =>
      new Thenable(Promise.resolve(store[method](...args)));
  const thenables = Object.fromEntries(
    ['read', 'claim', 'beat', 'remove'].map((name) => [name, later(name)]),
  );
  const lock = await acquire('job', {
    store: { ...thenables, resolve: (name) => name },
    heartbeatMinimalInterval: 0,
  });
  await lock.heartBeat();
  await lock.release();
  expect((await inspect('job', { store })).state).toBe('free');
});
