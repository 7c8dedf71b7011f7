import { describe, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/machine.js';
import { describeWithPostgres } from '../support/postgres/postgres-locks.js';
import { describeWithRedis } from '../support/redis/describe-with-redis.js';
import { RedisServer } from '../support/redis/redis-server.js';
import { expectToStandRestarts } from './support/restarts.js';
import { testCrowd } from './support/shared-locks.js';
import { postgresLocks, redisLocks, sqliteLocks } from './support/shared-stores.js';

/** Random events take their time on a busy machine. */
const PATIENT = { timeout: 300_000 };

describe.each(['wal', 'delete'])('locks in one SQLite file, journal_mode=%s', (mode) => {
  testCrowd(() => sqliteLocks(mode));
});

describeWithPostgres('locks at one PostgreSQL server', (server) => {
  testCrowd(() => postgresLocks(server()));

  test('that is restarted under load never let two in, and all go on', PATIENT, async () => {
    const { store } = await postgresLocks(server());
    await expectToStandRestarts(store, temporaryFolder(), () => server().restart());
  });
});

describeWithRedis('locks at one Redis server', (server) => {
  testCrowd(() => redisLocks(server()));

  test(
    'that persists every answered write, and is shut down or killed under load, never let two in',
    PATIENT,
    async () => {
      const persistent = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always');
      onTestFinished(() => persistent.end());
      await expectToStandRestarts(['ioredis', persistent.url], temporaryFolder(), async (count) => {
        await persistent.stop(count % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
        await persistent.start();
      });
    },
  );
});
