// A job that can be tested without waiting and without real processes, because it takes its dependencies as arguments.
//
//     npm run example -- job
//
// The tests are in `job.test.ts`. For them, the job only has to pass `dependencies` on to `tryWithLock`.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Dependencies, tryWithLock } from 'livinglock';

export interface JobOptions {
  readonly lock: string;
  readonly send: (customer: string) => Promise<void>;
  /** Tests replace the clock and the processes. */
  readonly dependencies?: Partial<Dependencies>;
}

/** Reminds each customer once. Returns the number of reminders, or `'busy'` if another run holds the lock. */
export async function remind(customers: readonly string[], options: JobOptions): Promise<number | 'busy'> {
  const { lock: path, send, dependencies } = options;
  const { ran } = await tryWithLock(
    path,
    { staleTimeout: '1h', heartbeatMinimalInterval: '5m', dependencies },
    async (lock) => {
      for (const [done, customer] of customers.entries()) {
        // Before the mail: a run that was paused and taken over finds out before it sends another one.
        await lock.heartBeat({ progress: done / customers.length, note: customer });
        await send(customer);
      }
    },
  );
  return ran ? customers.length : 'busy';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outcome = await remind(['Ada', 'Grace', 'Edsger'], {
    lock: join(import.meta.dirname, 'job.lock'),
    send: async (customer) => console.log(`Dear ${customer}, there is still something in your basket.`),
  });
  console.log(outcome === 'busy' ? 'Another run is still at work.' : `${outcome} reminders sent.`);
}
