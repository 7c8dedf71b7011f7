import { ErrLockBusy, ErrLockLost, ErrLockStore } from '../../core/errors.js';
import type { Lock } from '../../core/lock.js';
import { acquire } from '../../stores/file-locks.js';
import { systemClock } from '../../system/clock.js';
import { bootTime } from '../boot-time.js';
import type { Message } from './messages.js';

/** Heartbeats within one stay, and at most how many milliseconds before each: so that others come by while it lasts. */
const HEARTBEATS = 2;
const LONGEST_WORK = 2;
/** At most so many milliseconds from one turn to the next, so that contenders neither crowd nor fall into step. */
const LONGEST_PAUSE = 4;
/** So often in all a release that fails is tried. */
const RELEASES = 3;

type Say = (message: Message) => Promise<void>;

/** Takes one turn after the other until it is told to stop; says what happens in each. */
export async function contend(path: string, say: Say, stop: AbortSignal): Promise<void> {
  let turnedAway = 0;
  while (!stop.aborted) {
    try {
      const lock = await acquire(path, {
        // Nobody stalls within the few seconds that this lasts, so whoever loses the lock has been robbed.
        staleTimeout: '1h',
        heartbeatMinimalInterval: 0,
        command: 'livinglock verify',
      });
      await say({ says: 'entered', at: bootTime(), fencingToken: lock.fencingToken, turnedAway });
      turnedAway = 0;
      await stay(lock, say);
    } catch (error) {
      if (error instanceof ErrLockBusy) turnedAway++;
      else if (error instanceof ErrLockLost) await say({ says: 'lost', reason: error.message });
      else await report(error, say);
    }
    await chance(LONGEST_PAUSE);
  }
}

async function stay(lock: Lock, say: Say): Promise<void> {
  let heartbeats = 0;
  try {
    for (let number = 0; number < HEARTBEATS; number++) {
      await chance(LONGEST_WORK);
      if (await beat(lock, say)) heartbeats++;
    }
  } finally {
    // Said, and known to be said, before anything is done: who is killed in the midst of releasing has left.
    await say({ says: 'left', at: bootTime(), heartbeats });
  }
  await release(lock, say);
}

/** Whether it was written. If not, the lock is still held, so the stay goes on. */
async function beat(lock: Lock, say: Say): Promise<boolean> {
  try {
    await lock.heartBeat();
    return true;
  } catch (error) {
    if (error instanceof ErrLockLost) throw error;
    await report(error, say);
    return false;
  }
}

async function release(lock: Lock, say: Say): Promise<void> {
  for (let failures = 0; ; ) {
    try {
      await lock.release();
      return;
    } catch (error) {
      if (!isPostponed(error)) failures++;
      if (error instanceof ErrLockLost || failures === RELEASES) throw error;
      await report(error, say);
    }
  }
}

function chance(longest: number): Promise<void> {
  return systemClock.sleep(Math.random() * longest);
}

async function report(error: unknown, say: Say): Promise<void> {
  if (isPostponed(error)) return say({ says: 'postponed' });
  return say({ says: 'failed', reason: error instanceof Error ? error.message : String(error) });
}

/** The store's own word, not the file system's: on a busy machine a process may well be paused in the guard for a moment. */
function isPostponed(error: unknown): boolean {
  return error instanceof ErrLockStore && error.code === 'EBUSY' && error.cause === undefined;
}
