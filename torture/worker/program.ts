// A process of the torture: acquires, holds, beats and releases over and over, until it is told to finish or is killed.
// node program.js <settings as JSON>

import { setTimeout as sleep } from 'node:timers/promises';
import {
  acquire,
  ErrLockBusy,
  ErrLockLost,
  ErrLockStore,
  fileStore,
  type Lock,
  type LockRecord,
  systemClock,
} from 'livinglock';
import { breakageOf } from '../../explorer/breakages/index.js';
import { steppedFileSystem } from '../../integration/programs/stepped-file-system.js';
import type { Message, StrikeSignal, WorkerSettings } from '../protocol.js';
import { Random } from '../random.js';
import { attentiveStore } from './attentive-store.js';
import { SelfStrike } from './self-strike.js';
import { Witness } from './witness.js';

/** So long, at most, a piece of work takes between two heartbeats, in milliseconds; a third of it on average. */
const LONGEST_PIECE = 15;
const MOST_BEATS = 3;
/** So long, at most, somebody who was turned away waits before asking again, and who has released before coming back. */
const LONGEST_PAUSE = 10;

const settings: WorkerSettings = JSON.parse(process.argv[2] ?? '');
const random = new Random(settings.seed);
const witness = new Witness(settings.witness);
const selfStrike = new SelfStrike(settings, random, strikeMyself);
let lastWritten: LockRecord | undefined;
const store = makeStore();
let busy = 0;
let isFinishing = false;

// Its parent is gone.
process.once('disconnect', () => process.exit());
process.once('message', () => {
  isFinishing = true;
  selfStrike.forgo();
});

try {
  while (!isFinishing) await takeTurn();
  await sayBusy();
} catch (error) {
  await say({
    what: 'failed',
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
}
process.exit();

async function takeTurn(): Promise<void> {
  selfStrike.draw();
  const lock = await acquirePatiently();
  if (lock === null) return;
  const at = systemClock.monotonic();
  await say({ what: 'acquired', fencingToken: lock.fencingToken, claimedAt: lastHeartbeat(), at });
  // Told before, so that whoever the kernel knows to be inside is known by name too.
  await say({ what: 'entered', isAlone: witness.enter() });
  await work(lock);
  witness.leave();
  await say({ what: 'left', at: systemClock.monotonic() });
  const isReleased = await release(lock);
  await say(isReleased ? { what: 'released' } : { what: 'lost', at: systemClock.monotonic() });
  await sayBusy();
  await sleep(random.next() * LONGEST_PAUSE);
}

async function acquirePatiently(): Promise<Lock | null> {
  while (!isFinishing) {
    selfStrike.startLooking();
    try {
      return await acquire(settings.lock, {
        staleTimeout: settings.staleTimeout,
        // Every heartbeat is written.
        heartbeatMinimalInterval: 0,
        command: 'livinglock torture',
        store,
      });
    } catch (error) {
      if (!(error instanceof ErrLockBusy)) throw error;
      busy += 1;
    }
    await sleep(random.next() * LONGEST_PAUSE);
  }
  return null;
}

/** Returns when it is done, or when the lock is lost. */
async function work(lock: Lock): Promise<void> {
  await workOnPiece();
  for (let beats = random.below(MOST_BEATS + 1); beats > 0; beats--) {
    // Whoever was there on entering may have left.
    witness.enter();
    if (!(await beat(lock))) return;
    await workOnPiece();
  }
}

function workOnPiece(): Promise<void> {
  return sleep(random.next() ** 2 * LONGEST_PIECE);
}

/** Whether the lock is still held. */
async function beat(lock: Lock): Promise<boolean> {
  try {
    await lock.heartBeat();
    await say({ what: 'beat', beatAt: lastHeartbeat() });
  } catch (error) {
    if (error instanceof ErrLockLost) return false;
    await tolerateOccupied(error);
  }
  return true;
}

/** Whether it was still there to be released. */
async function release(lock: Lock): Promise<boolean> {
  for (;;) {
    try {
      await lock.release();
      return true;
    } catch (error) {
      if (error instanceof ErrLockLost) return false;
      await tolerateOccupied(error);
    }
  }
}

/** Somebody is stopped in the middle of a change. The lock is as it was, and whoever holds it may call again. */
async function tolerateOccupied(error: unknown): Promise<void> {
  if (!(error instanceof ErrLockStore && error.code === 'EBUSY')) throw error;
  await say({ what: 'occupied' });
}

/** Of the record that was written last, which is this process's own. */
function lastHeartbeat(): number {
  return lastWritten?.monotonic ?? Number.NaN;
}

async function sayBusy(): Promise<void> {
  await say({ what: 'busy', times: busy });
  busy = 0;
}

/** Resolves when it is on its way, so that nothing is left to be said when a signal comes. */
function say(message: Message): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) throw new Error('This program is to be started by the torture.');
    // A parent that is gone is no error here.
    process.send(message, undefined, undefined, () => resolve());
  });
}

/** Nothing waits to be said when the library is at work, so this is said before the signal comes, which it does in place. */
function strikeMyself(by: StrikeSignal, inGuard: boolean): void {
  void say({ what: 'striking', by, at: systemClock.monotonic(), inGuard });
  process.kill(process.pid, by);
  void say({ what: 'resumed' });
}

function makeStore() {
  const breakage = breakageOf(settings.breakage);
  const stepped = steppedFileSystem(() => selfStrike.step());
  const fileSystem = breakage?.fileSystem?.(stepped, systemClock) ?? stepped;
  const files = fileStore({ fileSystem });
  return attentiveStore(breakage?.store?.(files, fileSystem) ?? files, {
    onClaim: () => selfStrike.startChanging(),
    onWritten: (record) => {
      lastWritten = record;
    },
  });
}
