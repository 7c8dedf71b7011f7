// A job that can be tested without waiting and without processes: it takes its surroundings as arguments.
//
//     npm run example -- job
//
// Its tests are in `job.test.ts`. All that a job has to do for them is to pass on `dependencies`.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquire, type Dependencies, ErrLockBusy, type Lock } from 'livinglock';

export interface Surroundings {
  readonly lock: string;
  readonly send: (customer: string) => Promise<void>;
  /** Only tests need it: another clock, other processes. */
  readonly dependencies?: Partial<Dependencies>;
}

/** Reminds each customer once. Gives the number of reminders, or `'busy'` where another run is at it. */
export async function remind(
  customers: readonly string[],
  surroundings: Surroundings,
): Promise<number | 'busy'> {
  const lock = await acquireUnlessBusy(surroundings);
  if (lock === 'busy') return lock;
  try {
    for (const [done, customer] of customers.entries()) {
      // Before the mail, not after it: one that was paused and taken over must learn of it before it sends another.
      await lock.heartBeat({ progress: done / customers.length, note: customer });
      await surroundings.send(customer);
    }
  } finally {
    await lock.release();
  }
  return customers.length;
}

async function acquireUnlessBusy({ lock, dependencies }: Surroundings): Promise<Lock | 'busy'> {
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
    send: async (customer) => console.log(`Dear ${customer}, you have left something in your basket.`),
  });
  console.log(outcome === 'busy' ? 'Another run is at it.' : `${outcome} reminders sent.`);
}
