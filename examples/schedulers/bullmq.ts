// A report that workers of BullMQ write: one at a time, even if a job counts as stalled and is given to a second worker.

import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { tryWithLock } from 'livinglock';
import { redisStore } from 'livinglock/redis';
import type { Job } from './job.js';

/** @param connection With `maxRetriesPerRequest: null`, which BullMQ needs. */
export function startWorker(connection: Redis, { lock, writeReport }: Omit<Job, 'skipped'>): Worker {
  const store = redisStore(connection);
  const work = async () => {
    const { ran, busy } = await tryWithLock(lock, { store, staleTimeout: '30m' }, writeReport);
    return ran ? 'done' : `skipped: ${busy.message}`;
  };
  return new Worker('reports', work, { connection });
}
