// A process that helps to verify a file system: it looks at files, or contends for a lock, and says what comes of it.

import { ErrLockBusy, ErrLockLost, ErrLockStore } from '../../core/errors.js';
import type { Lock } from '../../core/lock.js';
import { systemFileSystem } from '../../stores/file/file-system.js';
import { acquire } from '../../stores/file-locks.js';
import { bootTime, systemClock } from '../../system/clock.js';
import { messageOf } from '../../system/message-of.js';
import type { Sight, Sightings } from '../probes/probe.js';
import { observe, observeUntil } from '../probes/sharing.js';

/** What a helper can be told to do. */
export type Command =
  /** Say what a file, and its folder, look like from there. */
  | { readonly do: 'look'; readonly path: string }
  /** Read a file over and over until it is `last`, or for that many milliseconds no newer one. */
  | { readonly do: 'watch'; readonly path: string; readonly last: string; readonly timeout: number }
  /** Acquire, hold, beat and release that lock over and over. */
  | { readonly do: 'contend'; readonly lock: string }
  /** Come to an end, holding nothing. */
  | { readonly do: 'stop' };

/** What a helper says. Times are by the machine's monotonic clock, in milliseconds. */
export type Message =
  | { readonly says: 'ready' }
  | { readonly says: 'saw'; readonly sight: Sight }
  | { readonly says: 'watching' }
  | { readonly says: 'watched'; readonly sightings: Sightings }
  /** It holds the lock, after having been told so many times that it is busy. */
  | {
      readonly says: 'entered';
      readonly at: number;
      readonly fencingToken: number;
      readonly turnedAway: number;
    }
  /** It is about to release the lock, and has done nothing to that end yet. */
  | { readonly says: 'left'; readonly at: number; readonly heartbeats: number }
  /** The lock was lost, although it was alive and heartbeating. */
  | { readonly says: 'lost'; readonly reason: string }
  /** A heartbeat or release has to be tried again, because another process was in the middle of a change for too long. */
  | { readonly says: 'postponed' }
  | { readonly says: 'failed'; readonly reason: string };

/** Heartbeats within one stay, and at most how many milliseconds before each: so that others come by while it lasts. */
const HEARTBEATS = 2;
const LONGEST_WORK = 2;
/** At most so many milliseconds from one turn to the next, so that contenders neither crowd nor fall into step. */
const LONGEST_PAUSE = 4;
/** So often in all a release that fails is tried. */
const RELEASES = 3;

const stopping = new AbortController();

process.on('message', (command) => {
  if (!isCommand(command)) throw new TypeError(`Not a command: ${JSON.stringify(command)}`);
  obey(command);
});
// Nobody is left to help: also when the other side was killed.
process.on('disconnect', () => process.exit());
void say({ says: 'ready' });

function isCommand(message: unknown): message is Command {
  return typeof message === 'object' && message !== null && 'do' in message;
}

function obey(command: Command): void {
  switch (command.do) {
    case 'look':
      void say({ says: 'saw', sight: observe(systemFileSystem, command.path) });
      return;
    case 'watch':
      void say({ says: 'watching' });
      void say({
        says: 'watched',
        sightings: observeUntil(systemFileSystem, command.path, command.last, command.timeout),
      });
      return;
    case 'contend':
      // What goes wrong in an unforeseen way ends the process, and the other side sees that.
      void contend(command.lock).then(() => process.disconnect());
      return;
    case 'stop':
      stopping.abort();
      return;
  }
}

/** Takes one turn after the other until this process is told to stop; says what happens in each. */
async function contend(path: string): Promise<void> {
  let turnedAway = 0;
  while (!stopping.signal.aborted) {
    try {
      const lock = await acquire(path, {
        // Nobody stalls within the few seconds that this lasts, so whoever loses the lock has been robbed.
        staleTimeout: '1h',
        heartbeatMinimalInterval: 0,
        command: 'livinglock verify',
      });
      await say({ says: 'entered', at: bootTime(), fencingToken: lock.fencingToken, turnedAway });
      turnedAway = 0;
      await stay(lock);
    } catch (error) {
      if (error instanceof ErrLockBusy) turnedAway++;
      else if (error instanceof ErrLockLost) await say({ says: 'lost', reason: error.message });
      else await report(error);
    }
    await chance(LONGEST_PAUSE);
  }
}

async function stay(lock: Lock): Promise<void> {
  let heartbeats = 0;
  try {
    for (let number = 0; number < HEARTBEATS; number++) {
      await chance(LONGEST_WORK);
      if (await beat(lock)) heartbeats++;
    }
  } finally {
    // Said, and known to be said, before anything is done: who is killed in the midst of releasing has left.
    await say({ says: 'left', at: bootTime(), heartbeats });
  }
  await release(lock);
}

/** Whether it was written. If not, the lock is still held, so the stay goes on. */
async function beat(lock: Lock): Promise<boolean> {
  try {
    await lock.heartBeat();
    return true;
  } catch (error) {
    if (error instanceof ErrLockLost) throw error;
    await report(error);
    return false;
  }
}

async function release(lock: Lock): Promise<void> {
  for (let failures = 0; ; ) {
    try {
      await lock.release();
      return;
    } catch (error) {
      if (!isPostponed(error)) failures++;
      if (error instanceof ErrLockLost || failures === RELEASES) throw error;
      await report(error);
    }
  }
}

function chance(longest: number): Promise<void> {
  return systemClock.sleep(Math.random() * longest);
}

async function report(error: unknown): Promise<void> {
  if (isPostponed(error)) return say({ says: 'postponed' });
  return say({ says: 'failed', reason: messageOf(error) });
}

/** The store's own word, not the file system's: on a busy machine a process may well be paused in the guard for a moment. */
function isPostponed(error: unknown): boolean {
  return error instanceof ErrLockStore && error.code === 'EBUSY' && error.cause === undefined;
}

/** Resolves when the message has been handed over, so that not even SIGKILL can keep it back. */
function say(message: Message): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
}
