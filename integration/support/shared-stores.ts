import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../support/machine.js';
import { PostgresLocks } from '../../support/postgres/postgres-locks.js';
import type { PostgresServer } from '../../support/postgres/postgres-server.js';
import { Scene } from '../../support/redis/redis-scene.js';
import type { RedisServer } from '../../support/redis/redis-server.js';
import type { SharedLocks } from './shared-locks.js';

// Each test gets locks of its own.

export function sqliteLocks(mode: string): SharedLocks {
  const file = join(temporaryFolder(), 'shop.db');
  const database = new DatabaseSync(file, { timeout: 5000 });
  database.exec(`PRAGMA journal_mode = ${mode}`);
  onTestFinished(() => database.close());
  return {
    store: ['sqlite', file],
    age: (minutes) =>
      database.exec(
        `UPDATE livinglock SET heartbeat_at = strftime('%Y-%m-%dT%H:%M:%fZ', heartbeat_at, '-${minutes} minutes')`,
      ),
    check: () =>
      expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]),
  };
}

export function postgresLocks(server: PostgresServer): SharedLocks {
  const { table, pool } = new PostgresLocks(server);
  return {
    store: ['postgres', server.urlFor(), table],
    age: async (minutes) => {
      await pool.query(`UPDATE ${table} SET heartbeat_at = heartbeat_at - interval '${minutes} minutes'`);
    },
  };
}

export async function redisLocks(server: RedisServer): Promise<SharedLocks> {
  const scene = await Scene.open(server);
  return {
    store: ['ioredis', server.url],
    age: async (minutes) => {
      const { heartbeat_at = '' } = await scene.hash();
      await scene.set('heartbeat_at', new Date(Date.parse(heartbeat_at) - minutes * 60_000).toISOString());
    },
  };
}
