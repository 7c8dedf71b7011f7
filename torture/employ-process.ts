import { systemClock } from 'livinglock';
import { Account } from './account.js';
import type { Assailant } from './assailant.js';
import type { Chronicle } from './chronicle.js';
import type { Member } from './crew.js';
import type { WorkerSettings } from './protocol.js';
import { WorkerProcess } from './worker-process.js';

/** Starts a process that contends for the lock through the library, until it is killed. */
export function employProcess(settings: WorkerSettings, chronicle: Chronicle, assailant: Assailant): Member {
  const worker = new WorkerProcess(settings);
  const account = new Account(worker.pid, chronicle);
  worker.onMessage((message) => {
    account.hear(message);
    if (message.what === 'acquired') assailant.threaten(worker, account);
    if (message.what === 'striking' && message.by === 'SIGSTOP') assailant.resumeLater(worker);
  });
  return {
    end: worker.end.then((how) => account.close(how, systemClock.monotonic())),
    finish: () => worker.finish(),
    kill: () => worker.signal('SIGKILL'),
  };
}
