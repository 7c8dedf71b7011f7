// A report that node-cron starts every night, on several servers: one writes it, the others skip it.

import { tryWithLock } from 'livinglock';
import cron, { type ScheduledTask } from 'node-cron';
import type { Job } from './job.js';

export function scheduleReport({ lock, writeReport, skipped }: Job): ScheduledTask {
  return cron.schedule('0 3 * * *', async () => {
    const { ran, busy } = await tryWithLock(lock, { staleTimeout: '30m' }, writeReport);
    if (!ran) skipped(`Skipped: ${busy.message}`);
  });
}
