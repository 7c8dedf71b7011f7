// A job that can be tested without waiting and without real processes, because it takes its dependencies as arguments.
//
//     npm run example -- job
//
// The tests are in `job.test.ts`. For them, the job only has to pass `dependencies` on to `acquire`.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquire, type Dependencies, ErrLockBusy, type Lock } from 'livinglock';

export interface JobOptions {
  readonly lock: string;
  readonly send: (customer: string) => Promise<void>;
  /** Tests replace the clock and the processes. */
  readonly dependencies?: Partial<Dependencies>;
}

/** Reminds each customer once. Returns the number of reminders, or `'busy'` if another run holds the lock. */
export async function remind(customers: readonly string[], options: JobOptions): Promise<number | 'busy'> {
  const lock = await acquireUnlessBusy(options);
  if (lock === 'busy') return lock;
  try {
    for (const [done, customer] of customers.entries()) {
      // Before the mail: a run that was paused and taken over finds out before it sends another one.
      await lock.heartBeat({ progress: done / customers.length, note: customer });
      await options.send(customer);
    }
  } finally {
    await lock.release();
  }
  return customers.length;
}

async function acquireUnlessBusy({ lock, dependencies }: JobOptions): Promise<Lock | 'busy'> {
  try {
    return await acquire(lock, { staleTimeout: '1h', heartbeatMinimalInterval: '5m', dependencies });
  } catch (error) {
    if (error instanceof ErrLockBusy) return 'busy';
    throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outcome = await remind(['Ada', 'Grace', 'Edsger'], {
    lock: join(import.meta.dirname, 'job.lock'),
    send: async (customer) => console.log(`Dear ${customer}, there is still something in your basket.`),
  });
  console.log(outcome === 'busy' ? 'Another run is still at work.' : `${outcome} reminders sent.`);
}
