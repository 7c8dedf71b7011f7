// A process of a command that runs under the lock: node command.js <settings as JSON> <role>. It works for a while, and reports that.

import { readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import extensions from 'fs-native-extensions';
import type { CommandMessage, CommandSettings, Recorded, Role } from '../protocol.js';

/** How often it reports that it is alive, in milliseconds. */
const PIECE = 10;

const { pid, env } = process;
const role: Role = process.argv[3] === 'child' ? 'child' : 'leader';
const settings: CommandSettings = JSON.parse(process.argv[2] ?? '');
if (role === 'child' && settings.childIgnoresSignals) {
  for (const signal of ['SIGTERM', 'SIGALRM'] as const) process.on(signal, () => {});
}
await work(settings.work[role]);

async function work(duration: number): Promise<void> {
  const isAlone = isFamilyAlone();
  const fencingToken = Number(env['LIVINGLOCK_FENCING_TOKEN']);
  say({ what: 'working', pid, fencingToken, at: now(), isAlone, ...readRecord() });
  for (const end = now() + duration; ; ) {
    const left = end - now();
    if (left <= 0) break;
    await sleep(Math.min(PIECE, left));
    // The process that was there at the beginning may have left.
    isFamilyAlone();
    say({ what: 'alive', pid, at: now() });
  }
  say({ what: 'done', pid, at: now() });
}

/**
 * Asks the kernel for the lock that the process inside holds, see {@link Witness}. It belongs to an open file description (fcntl(2),
 * "Open file description locks"). The shell opened that before it started anything, so all processes of one command share it: the kernel grants
 * the lock to each of them, to nobody else, and drops it when the last of them has died. So none of them can be at work unseen, however
 * the others end; and no dead one is seen, since a process closes its files before it becomes a zombie.
 */
function isFamilyAlone(): boolean {
  return extensions.tryLock(settings.witness);
}

function readRecord(): Recorded {
  try {
    const record: {
      readonly token: string;
      readonly monotonic_ms: number;
      readonly workers?: readonly object[];
    } = JSON.parse(readFileSync(env['LIVINGLOCK_PATH'] ?? '', 'utf8'));
    const isOurs = record.token === env['LIVINGLOCK_TOKEN'];
    return {
      recordedAt: isOurs ? record.monotonic_ms : null,
      isGroupNamed: (record.workers ?? []).length > 0,
    };
  } catch {
    return { recordedAt: null, isGroupNamed: false };
  }
}

/** The clock of `systemClock`, which would take longer to load than Node itself, while all others wait. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Returns when the line is in the pipe, from where it is read whatever happens to this process. */
function say(message: CommandMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}
