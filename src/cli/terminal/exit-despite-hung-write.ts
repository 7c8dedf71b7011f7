import { constants, fstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt } from '../../system/attempt.js';
import { flagsOf } from '../../system/files/descriptor-flags.js';
import { letGo } from './let-go.js';
import { said, say } from './messages.js';

/** How long, in milliseconds, a write that was given up may still take, and how often to look. */
const GRACE = 1000;
const PERIOD = 50;

const { O_NONBLOCK = 0 } = constants;

let isGivenUp = false;

/** Nobody waits any longer for what is being written: a reader or a disk may hang. */
export function giveUpWriting(): void {
  isGivenUp = true;
}

/**
 * Ends this process. Before it exits, Node waits for its threads, and one that hangs in a write (to a socket, a terminal or a disk) keeps it for
 * ever, with no signal but SIGKILL to end it. So this process sends that one itself, once nobody waits for the write.
 */
export async function exit(code: number): Promise<void> {
  await said();
  for (let left = GRACE; left > 0 && isStuck(); left -= PERIOD) await sleep(PERIOD);
  if (isStuck()) {
    say(`A write hangs, so this process ends itself by SIGKILL, not with exit status ${code}.`);
    await said();
    // The last listener: the others clean up.
    process.once('exit', () => process.kill(process.pid, 'SIGKILL'));
  }
  // Others may still have something to say.
  process.once('exit', leaveStandardStreams);
  process.exit(code);
}

/**
 * As it exits, Node gives its standard streams back the modes that they had when it was started (`ResetStdio` in its node.cc). It aborts if a terminal is gone,
 * and the command, or others who share a pipe, may have set other modes meanwhile. It leaves a descriptor alone that has been opened again.
 */
function leaveStandardStreams(): void {
  if (process.platform === 'win32') return;
  for (const descriptor of [0, 1, 2]) if (!isOursToReset(descriptor)) letGo(descriptor);
}

/** Whether it does not block, which may be the work of `process.stdout`. */
function isOursToReset(descriptor: number): boolean {
  if (attempt(() => fstatSync(descriptor).isCharacterDevice(), false)) return false;
  const flags = flagsOf(descriptor);
  return flags === null || (flags & O_NONBLOCK) !== 0;
}

function isStuck(): boolean {
  return isGivenUp && process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}
