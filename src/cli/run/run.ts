import { type Locks, sayWhichAreMeant, withLocks } from '../stores/locks.js';
import { say, speakOf } from '../terminal/messages.js';
import { acquireOrYield } from './acquire.js';
import { Cover } from './cover.js';
import { givenDescriptors } from './descriptors.js';
import { expectProgram } from './find-program.js';
import { makeInheritedSocket } from './inherited-socket.js';
import { expectUtf8Arguments, variablesNotUtf8 } from './not-utf8.js';
import type { RunOptions } from './options.js';
import { processesWith } from './processes.js';
import { Signals } from './signals.js';
import { type Job, Supervision } from './supervision.js';

/** Runs a command while holding a lock. Returns the exit code. */
export function run(lock: string, command: readonly string[], options: RunOptions): Promise<number> {
  // Before this process opens descriptors of its own.
  const descriptors = givenDescriptors();
  speakOf({ job: options.label ?? lock, lock: null });
  expectProgram(command[0] ?? '');
  expectUtf8Arguments();
  const cover = new Cover();
  const job = { command, options, descriptors, cover };
  return withLocks(options.store, (locks) => runIn(locks, lock, job), true, cover.life);
}

const STALL_UNSEEN =
  'With --stale-timeout alone a command that hangs is not noticed: as long as it exists, it counts as at work. ' +
  'Add --heartbeat output, manual or file:PATH; or --heartbeat alive, if that is what you mean.';

function sayHints(isStallUnseen: boolean): void {
  if (isStallUnseen) say(STALL_UNSEEN);
  const names = variablesNotUtf8();
  if (names.length > 0) {
    say(
      `${names.join(', ')}: not UTF-8, and reaches the command changed. Set it within the command, by a script.`,
    );
  }
}

async function runIn(
  locks: Locks,
  called: string,
  job: Pick<Job, 'command' | 'options' | 'descriptors' | 'cover'>,
): Promise<number> {
  const name = locks.nameOf(called);
  const { label, quiet, isStallUnseen } = job.options;
  if (label === undefined) speakOf({ job: called, lock: name });
  if (!quiet) sayWhichAreMeant([called], locks);
  const signals = new Signals(job.options.ignoreHangup);
  const { cover } = job;
  const inheritedSocket = await makeInheritedSocket();
  try {
    const processes = processesWith(inheritedSocket, cover);
    const lock = await acquireOrYield(name, locks, job, signals, processes);
    if (typeof lock === 'number') return lock;
    if (!quiet) sayHints(isStallUnseen);
    return await new Supervision({ ...job, lock, name, locks, signals, inheritedSocket }).toTheEnd();
  } finally {
    inheritedSocket?.close();
    await cover.end();
    signals.ignore();
  }
}
