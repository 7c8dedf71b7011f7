import { cpSync, linkSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startActor } from '../../support/actors.js';
import { temporaryFolder } from '../../support/machine.js';
import { outcomeOf } from '../../support/outcomes.js';

// What killed processes leave behind.

/** The content of a lock file whose holder was killed. */
export async function deadRecord(): Promise<string> {
  const path = join(temporaryFolder(), 'job.lock');
  const holder = await startActor();
  await holder.ask({ do: 'acquire', path });
  const record = readFileSync(path, 'utf8');
  await holder.kill();
  return record;
}

/**
 * A folder with the file `job.lock` of a dead holder, and with every kind of litter that processes can leave beside it: the
 * guard, a folder that was to become the guard, and the temporary files of a new lock and of a heartbeat.
 */
export async function everythingTheKilledLeave(): Promise<string> {
  const remains = temporaryFolder();
  await leaveIn(remains, 'acquire', 'writeSync');
  await leaveIn(remains, 'acquire', 'linkSync');
  await leaveIn(remains, 'heartBeat', 'renameSync');
  await leaveIn(remains, 'heartBeat', 'chmodSync');
  return remains;
}

async function leaveIn(remains: string, command: 'acquire' | 'heartBeat', before: string): Promise<void> {
  const folder = temporaryFolder();
  const path = join(folder, 'job.lock');
  const victim = await startActor();
  if (command !== 'acquire') await victim.ask({ do: 'acquire', path });
  const answer = await victim.ask({ do: command, path, interruption: { before, by: 'SIGKILL' } });
  if (outcomeOf(answer) !== 'killed') throw new Error(`There is no ${before} in ${command}.`);
  copyRemains(folder, remains);
}

/** Copies all of it. A socket, at which nobody listens any more, gets another name: there is no other way to have the same. */
export function copyRemains(from: string, to: string): void {
  const isSocket = (path: string) => lstatSync(path).isSocket();
  cpSync(from, to, { recursive: true, filter: (path) => !isSocket(path) });
  for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (isSocket(join(from, name))) linkSync(join(from, name), join(to, name));
  }
}
