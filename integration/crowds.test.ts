import { describe } from 'vitest';
import { describeWithPostgres } from '../support/postgres/postgres-locks.js';
import { describeWithRedis } from '../support/redis/describe-with-redis.js';
import { testCrowd } from './support/shared-locks.js';
import { postgresLocks, redisLocks, sqliteLocks } from './support/shared-stores.js';

describe.each(['wal', 'delete'])('locks in one SQLite file, journal_mode=%s', (mode) => {
  testCrowd(() => sqliteLocks(mode));
});

describeWithPostgres('locks at one PostgreSQL server', (server) => {
  testCrowd(() => postgresLocks(server()));
});

describeWithRedis('locks at one Redis server', (server) => {
  testCrowd(() => redisLocks(server()));
});
