import { expect, it } from 'vitest';
import { verifyFileSystem } from '../src/index.js';
import { fileStore } from '../src/stores/file/index.js';
import { postgresSchema, postgresStore } from '../src/stores/postgres/index.js';
import { redisStore } from '../src/stores/redis/index.js';
import { sqliteSchema, sqliteStore } from '../src/stores/sqlite/index.js';
import { FakeProcessTable, memoryStore, storeCases } from '../src/testing/index.js';
import { untyped } from '../support/world.js';

// The options of `acquire`, `inspect` and `breakLock` are in `core/options/options.test.ts`, heartbeats in `core/held/lock.test.ts`.

const processes = new FakeProcessTable();

it.each<[where: string, wrong: string, meant: string, call: (options: object) => unknown]>([
  ['fileStore', 'fileSytem', 'fileSystem', (options) => fileStore(options)],
  ['memoryStore', 'Clock', 'clock', (options) => memoryStore(options)],
  ['sqliteStore', 'tablename', 'tableName', (options) => sqliteStore(untyped({}), options)],
  ['sqliteSchema', 'tabelName', 'tableName', (options) => sqliteSchema(options)],
  ['postgresStore', 'createTabel', 'createTable', (options) => postgresStore(untyped({}), options)],
  ['postgresSchema', 'shema', 'schema', (options) => postgresSchema(options)],
  ['redisStore', 'commandTimout', 'commandTimeout', (options) => redisStore(untyped({}), options)],
  ['verifyFileSystem', 'proceses', 'processes', (options) => verifyFileSystem('folder', options)],
  ['the place of a fake process', 'hostName', 'hostname', (options) => processes.start(options)],
  ['a fake process', 'ignoreTerm', 'ignoresTerm', (options) => processes.start({}, options)],
  ['a recycled process', 'usr', 'user', (options) => processes.start().recycle(options)],
  ['a zombie', 'thread', 'threads', (options) => processes.start().zombify(options)],
  [
    'a store to test',
    'anohter',
    'another',
    (options) => storeCases(() => ({ store: memoryStore(), ...options }))[0]?.run(),
  ],
])(
  'an option that %s does not have is refused, with the nearest name: %s',
  async (_where, wrong, meant, call) => {
    const attempt = async () => call({ [wrong]: undefined });
    await expect(attempt()).rejects.toThrow(TypeError);
    await expect(attempt()).rejects.toThrow(`There is no option \`${wrong}\``);
    await expect(attempt()).rejects.toThrow(`Did you mean \`${meant}\`?`);
  },
);
