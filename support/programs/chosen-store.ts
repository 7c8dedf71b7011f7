import type { Clock, Store } from 'livinglock';
import { fileStore } from 'livinglock/file';
import { type PostgresConnection, postgresStore } from 'livinglock/postgres';
import { type RedisClient, redisStore } from 'livinglock/redis';
import { type SqliteDatabase, sqliteStore } from 'livinglock/sqlite';
import { interceptedRedis } from '../redis/intercepted-redis.js';
import { steppedFileSystem } from '../stepped-file-system.js';

/**
 * The store that an actor was told to use at its start: the file store, one in the SQLite database at a path, one in
 * the table of that name at a PostgreSQL server, or one at a Redis server by the driver of that name. Calls `step` before each
 * operation on it. Loads only the driver that is needed: with all of them an actor would take twice as long to start.
 */
export async function chosenStore(
  [kind, place = '', tableName]: readonly string[],
  clock: Clock,
  step: (name: string) => void,
): Promise<Store> {
  switch (kind) {
    case undefined:
      return fileStore({ clock, fileSystem: steppedFileSystem(step) });
    case 'sqlite':
      return sqliteStore(steppedDatabase(await databaseAt(place), step), { clock });
    case 'postgres':
      return postgresStore(steppedConnection(await connectionTo(place), step), { tableName });
    case 'node-redis':
      return redisStore(steppedClient(await nodeRedisAt(place), step), { clock });
    case 'ioredis':
      return redisStore(steppedClient(await ioRedisAt(place), step), { clock });
    default:
      throw new Error(`There is no store called ${kind}.`);
  }
}

async function databaseAt(path: string): Promise<SqliteDatabase> {
  const { DatabaseSync } = await import('@photostructure/sqlite');
  return new DatabaseSync(path);
}

/** Broken idle connections are ignored: the next operation gets another one. */
async function connectionTo(connectionString: string): Promise<PostgresConnection> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString, max: 2 });
  pool.on('error', () => {});
  return pool;
}

function steppedConnection(connection: PostgresConnection, step: (name: string) => void): PostgresConnection {
  return {
    async query(text, values) {
      step('query');
      const result = await connection.query(text, values);
      step('then');
      return result;
    },
  };
}

/** Broken connections are ignored here too: the client makes another one. */
async function nodeRedisAt(url: string): Promise<RedisClient> {
  const { createClient } = await import('redis');
  return createClient({ url })
    .on('error', () => {})
    .connect();
}

async function ioRedisAt(url: string): Promise<RedisClient> {
  const { Redis } = await import('ioredis');
  return new Redis(url).on('error', () => {});
}

function steppedClient(client: RedisClient, step: (name: string) => void): RedisClient {
  return interceptedRedis(client, async (run) => {
    step('script');
    const answer = await run();
    step('then');
    return answer;
  });
}

/** The name of a step is the first word of the statement that follows, or `then` right after one. */
function steppedDatabase(database: SqliteDatabase, step: (name: string) => void): SqliteDatabase {
  const stepped = <T>(sql: string, run: () => T): T => {
    step(/^\w+/.exec(sql)?.[0] ?? sql);
    const result = run();
    step('then');
    return result;
  };
  return {
    exec: (sql) => stepped(sql, () => database.exec(sql)),
    prepare(sql) {
      const statement = database.prepare(sql);
      return { all: (...parameters) => stepped(sql, () => statement.all(...parameters)) };
    },
  };
}
