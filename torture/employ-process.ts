import { systemClock } from 'livinglock';
import { Account } from './account.js';
import type { Assailant } from './assailant.js';
import type { Chronicle } from './chronicle.js';
import type { Member } from './crew.js';
import type { Namespace } from './namespaces/namespace.js';
import type { WorkerSettings } from './protocol.js';
import { WorkerProcess } from './worker-process.js';

/**
 * Starts a process that contends for the lock through the library, until it is killed.
 *
 * @param where Its PID namespace; `null`: beside the torture.
 */
export function employProcess(
  settings: WorkerSettings,
  where: Promise<Namespace | null>,
  chronicle: Chronicle,
  assailant: Assailant,
): Member {
  let worker: WorkerProcess | undefined;
  let isUnwanted = false;
  const employ = async () => {
    const namespace = await where;
    if (isUnwanted || namespace?.isKilled) return;
    worker = new WorkerProcess(settings, namespace);
    await follow(worker, namespace, chronicle, assailant);
  };
  return {
    end: employ().catch((error) => chronicle.fail(`a process could not be started: ${error.message}`)),
    finish() {
      isUnwanted = true;
      worker?.finish();
    },
    kill() {
      isUnwanted = true;
      worker?.signal('SIGKILL');
    },
  };
}

/** Resolves when it has ended. */
async function follow(
  worker: WorkerProcess,
  namespace: Namespace | null,
  chronicle: Chronicle,
  assailant: Assailant,
): Promise<void> {
  const account = new Account(worker.pid, namespace?.number ?? 0, chronicle);
  const onKill = (at: number) => account.diesWithNamespace(at);
  namespace?.join(onKill);
  worker.onMessage((message) => {
    account.hear(message);
    if (message.what === 'acquired') assailant.threaten(worker, account, namespace);
    if (message.what === 'striking' && message.by === 'SIGSTOP') assailant.resumeLater(worker);
  });
  const how = await worker.end;
  namespace?.leave(onKill);
  account.close(how, systemClock.monotonic());
}
