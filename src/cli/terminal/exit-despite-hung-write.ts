import { closeSync, fstatSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt } from '../../system/attempt.js';
import { said, say } from './messages.js';

/** How long, in milliseconds, a write that was given up may still take, and how often to look. */
const GRACE = 1000;
const PERIOD = 50;

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
  leaveTerminal();
  process.exit(code);
}

/**
 * Node restores the modes of its terminal as it exits (`ResetStdio` in its node.cc), although the command, or an editor in the foreground, has set others
 * meanwhile, and aborts if there is no terminal any more. It leaves a descriptor alone that has been opened again.
 */
function leaveTerminal(): void {
  if (process.platform === 'win32') return;
  // There may be no /dev/null in a chroot. The exit status matters more.
  attempt(() => {
    for (const descriptor of [0, 1, 2]) {
      if (!fstatSync(descriptor).isCharacterDevice()) continue;
      closeSync(descriptor);
      // The lowest number that is free.
      openSync('/dev/null', 'r+');
    }
  }, undefined);
}

function isStuck(): boolean {
  return isGivenUp && process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}
