import { describe, expect, test } from 'vitest';
import { canPool, type PoolMode, pgBouncerTo } from '../support/postgres/pg-bouncer.js';
import { describeWithPostgres, PostgresLocks } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';

const MODES: readonly PoolMode[] = ['session', 'transaction', 'statement'];

describeWithPostgres('a server behind PgBouncer', (server) => {
  describe.skipIf(!canPool)('that lends its sessions', () => {
    test.each(MODES)('for a %s keeps the locks of jobs that work at the same time', async (mode) => {
      const connectionString = await pgBouncerTo(server(), mode);
      const pool = poolOf(server(), { connectionString });
      const jobs = Array.from({ length: 6 }, async () => {
        const locks = new PostgresLocks(server());
        const store = locks.store(pool);
        for (let run = 0; run < 3; run++) {
          const lock = await locks.acquire(pool, { store });
          for (const progress of [0.2, 0.4, 0.6]) await lock.heartBeat({ progress });
          expect(await locks.row()).toMatchObject({ token: lock.token, progress: { ratio: 0.6 } });
          await lock.release();
        }
      });
      await Promise.all(jobs);
    });

    test('and refuses a setting of the connection says where to make it', async () => {
      const locks = new PostgresLocks(server());
      const connectionString = await pgBouncerTo(server(), 'transaction');
      const pool = poolOf(server(), { connectionString, options: '-c work_mem=4MB' });
      await expect(locks.acquire(pool)).rejects.toThrow(
        /unsupported startup parameter.+\. Set it for the role instead, or have PgBouncer ignore it/,
      );
    });
  });
});
