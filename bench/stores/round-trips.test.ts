import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/machine.js';
import { canServePostgres } from '../../support/postgres/postgres-server.js';
import { canServeRedis } from '../../support/redis/redis-server.js';
import type { Engine } from './engines/engine.js';
import { startPostgres } from './engines/postgres.js';
import { startRedisWithIoRedis, startRedisWithNodeRedis } from './engines/redis.js';
import { openSqlite } from './engines/sqlite.js';
import { countRoundTrips } from './round-trips.js';

describe('a lock is acquired in two round trips, and beats, is released and found busy in one', () => {
  it.skipIf(!canServePostgres)('in PostgreSQL', async () => {
    await expectFewRoundTrips(startPostgres());
  });

  it.skipIf(!canServeRedis)('in Redis, by node-redis', async () => {
    await expectFewRoundTrips(startRedisWithNodeRedis());
  });

  it.skipIf(!canServeRedis)('in Redis, by ioredis', async () => {
    await expectFewRoundTrips(startRedisWithIoRedis());
  });

  it('in SQLite, where each statement counts as one', async () => {
    await expectFewRoundTrips(openSqlite(join(temporaryFolder(), 'locks.db'), 'disk'));
  });
});

async function expectFewRoundTrips(starting: Engine | Promise<Engine>): Promise<void> {
  await using engine = await starting;
  await using field = await engine.connectCounted?.();
  expect(field && (await countRoundTrips(field))).toContainEqual({
    name: 'livinglock',
    acquire: 2,
    busyAcquire: 1,
    beat: 1,
    release: 1,
  });
}
