// A process that helps to verify a file system: it reads files, or contends for a lock, and reports what happens.

import { ErrLockBusy, ErrLockLost, ErrLockStore } from '../../core/errors.js';
import type { Lock } from '../../core/held/lock.js';
import { acquire } from '../../stores/default-locks.js';
import { systemFileSystem } from '../../stores/file/file-system.js';
import { commonTime, systemClock } from '../../system/clock.js';
import { messageOf } from '../../system/message-of.js';
import type { Sight, Sightings } from '../probes/probe-types.js';
import { observe, observeUntil } from '../probes/sharing.js';

/** What a helper can be told to do. */
export type Command =
  /** Report what a file, and its folder, look like from this process. */
  | { readonly do: 'look'; readonly path: string }
  /** Read a file repeatedly until it is `last`, or until there has been no newer version for this many milliseconds. */
  | { readonly do: 'watch'; readonly path: string; readonly last: string; readonly timeout: number }
  /** Acquire, hold, beat and release this lock repeatedly. */
  | { readonly do: 'contend'; readonly lock: string }
  /** Stop, holding nothing. */
  | { readonly do: 'stop' };

/** What a helper reports. Times are those of `commonTime`. */
export type Message =
  | { readonly says: 'ready' }
  | { readonly says: 'saw'; readonly sight: Sight }
  | { readonly says: 'watching' }
  | { readonly says: 'watched'; readonly sightings: Sightings }
  /** It holds the lock, after being told this many times that it is busy. */
  | {
      readonly says: 'entered';
      readonly at: number;
      readonly fencingToken: number;
      readonly turnedAway: number;
    }
  /** It is about to release the lock, and has done nothing towards that yet. */
  | { readonly says: 'left'; readonly at: number; readonly heartbeats: number }
  /** The lock was lost, although it was alive and heartbeating. */
  | { readonly says: 'lost'; readonly reason: string }
  /** A heartbeat or release has to be tried again, because another process took too long to change the lock. */
  | { readonly says: 'postponed' }
  | { readonly says: 'failed'; readonly reason: string };

/** Heartbeats within one hold, and the maximum milliseconds before each: long enough for others to try meanwhile. */
const HEARTBEATS = 2;
const LONGEST_WORK = 2;
/** The maximum milliseconds from one turn to the next, so that contenders neither crowd nor fall into step. */
const LONGEST_PAUSE = 4;
/** How often to try a release that fails. */
const RELEASES = 3;

const stopping = new AbortController();

process.on('message', (command) => {
  if (!isCommand(command)) throw new TypeError(`Not a command: ${JSON.stringify(command)}`);
  obey(command);
});
// The parent is gone, perhaps killed, so nobody needs help.
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
      // An unforeseen error ends the process, and the parent sees that.
      void contend(command.lock).then(() => process.disconnect());
      return;
    case 'stop':
      stopping.abort();
      return;
  }
}

/** Takes turns until this process is told to stop, and reports what happens in each. */
async function contend(path: string): Promise<void> {
  let turnedAway = 0;
  while (!stopping.signal.aborted) {
    try {
      const lock = await acquire(path, {
        // Nobody stalls within these few seconds, so a holder that loses the lock has been robbed.
        staleTimeout: '1h',
        heartbeatMinimalInterval: 0,
        command: 'livinglock verify',
      });
      await say({ says: 'entered', at: commonTime(), fencingToken: lock.fencingToken, turnedAway });
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
    // Reported, and known to be reported, before anything is done: a process killed in the middle of a release counts as having left.
    await say({ says: 'left', at: commonTime(), heartbeats });
  }
  await release(lock);
}

/** Whether it was written. If not, the lock is still held, so the hold goes on. */
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

/** The code is the store's, not the file system's: on a busy machine a process may be paused in the guard for a moment. */
function isPostponed(error: unknown): boolean {
  return error instanceof ErrLockStore && error.code === 'EBUSY' && error.cause === undefined;
}

/** Resolves when the message has been handed over, so that not even SIGKILL can hold it back. */
function say(message: Message): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
}
