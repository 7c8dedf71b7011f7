// A report that croner starts every night, on several servers: one writes it, the others skip it.

import { Cron } from 'croner';
import { tryWithLock } from 'livinglock';
import type { Job } from './job.js';

export function scheduleReport({ lock, writeReport, skipped }: Job): Cron {
  // Without `catch`, an error of the job would end the process.
  const onError = (error: unknown) => console.error(error);
  return new Cron('0 3 * * *', { catch: onError }, async () => {
    const { ran, busy } = await tryWithLock(lock, { staleTimeout: '30m' }, writeReport);
    if (!ran) skipped(`Skipped: ${busy.message}`);
  });
}
