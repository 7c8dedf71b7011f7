import { setTimeout as sleep } from 'node:timers/promises';
import {
  acquire,
  ErrLockBusy,
  ErrLockLost,
  ErrLockStore,
  type Lock,
  type LockRecord,
  type Store,
  systemClock,
} from 'livinglock';
import type { WorkerSettings } from '../protocol.js';
import type { Random } from '../random.js';
import { attentiveStore } from './attentive-store.js';
import { say } from './channel.js';
import type { SelfStrike } from './self-strike.js';
import { Witness } from './witness.js';

/** The maximum duration of work between two heartbeats, in milliseconds; a third of it on average. */
const LONGEST_PIECE = 15;
const MOST_BEATS = 3;
/** The maximum wait of a contender after a busy lock, in milliseconds. */
const LONGEST_PAUSE = 10;

/** Acquires, holds, beats and releases repeatedly, and reports it. */
export class Contender {
  readonly #settings: WorkerSettings;
  readonly #random: Random;
  readonly #store: Store;
  readonly #selfStrike: SelfStrike;
  readonly #witness: Witness;
  #lastWritten: LockRecord | undefined;
  #busy = 0;
  #isFinishing = false;

  constructor(settings: WorkerSettings, random: Random, store: Store, selfStrike: SelfStrike) {
    this.#settings = settings;
    this.#random = random;
    this.#selfStrike = selfStrike;
    this.#witness = new Witness(settings.witness);
    this.#store = attentiveStore(store, {
      onClaim: () => selfStrike.startChanging(),
      onWritten: (record) => {
        this.#lastWritten = record;
      },
    });
  }

  /** Runs until it is told to finish. */
  async contend(): Promise<void> {
    while (!this.#isFinishing) {
      this.#selfStrike.draw();
      const lock = await this.#acquire();
      if (lock !== null) await this.#hold(lock);
      await say({ what: 'busy', times: this.#busy });
      this.#busy = 0;
      await sleep(this.#random.next() * this.#settings.longestRest);
    }
  }

  /** Finishes after the current turn. */
  finish(): void {
    this.#isFinishing = true;
  }

  async #acquire(): Promise<Lock | null> {
    while (!this.#isFinishing) {
      this.#selfStrike.startLooking();
      try {
        return await acquire(this.#settings.lock, {
          staleTimeout: `${this.#settings.staleTimeout}ms`,
          // Every heartbeat is written.
          heartbeatMinimalInterval: 0,
          command: 'livinglock torture',
          store: this.#store,
        });
      } catch (error) {
        if (!(error instanceof ErrLockBusy)) throw error;
        this.#busy += 1;
      }
      await this.#pause();
    }
    return null;
  }

  async #hold(lock: Lock): Promise<void> {
    const at = systemClock.monotonic();
    await say({ what: 'acquired', fencingToken: lock.fencingToken, claimedAt: this.#lastBeatAt, at });
    // Reported first, so that any process that the kernel finds inside is also known by name.
    await say({ what: 'entered', isAlone: this.#witness.enter() });
    await this.#work(lock);
    this.#witness.leave();
    await say({ what: 'left', at: systemClock.monotonic() });
    const isReleased = await this.#release(lock);
    await say(isReleased ? { what: 'released' } : { what: 'lost', at: systemClock.monotonic() });
  }

  /** Returns when it is done, or when the lock is lost. */
  async #work(lock: Lock): Promise<void> {
    await this.#workOnPiece();
    for (let beats = this.#random.below(MOST_BEATS + 1); beats > 0; beats--) {
      // The process that was there on entering may have left.
      this.#witness.enter();
      if (!(await this.#beat(lock))) return;
      await this.#workOnPiece();
    }
  }

  /** Whether the lock is still held. */
  async #beat(lock: Lock): Promise<boolean> {
    try {
      await lock.heartBeat();
      await say({ what: 'beat', beatAt: this.#lastBeatAt });
    } catch (error) {
      if (error instanceof ErrLockLost) return false;
      await tolerateOccupied(error);
    }
    return true;
  }

  /** Whether it was still there to be released. */
  async #release(lock: Lock): Promise<boolean> {
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

  /** From the record that was written last, which is this process's own. */
  get #lastBeatAt(): number {
    return this.#lastWritten?.monotonic ?? Number.NaN;
  }

  #workOnPiece(): Promise<void> {
    return sleep(this.#random.next() ** 2 * LONGEST_PIECE);
  }

  #pause(): Promise<void> {
    return sleep(this.#random.next() * LONGEST_PAUSE);
  }
}

/** Someone is stopped in the middle of a change. The lock is unchanged, and its holder may call again. */
async function tolerateOccupied(error: unknown): Promise<void> {
  if (!(error instanceof ErrLockStore && error.code === 'EBUSY')) throw error;
  await say({ what: 'occupied' });
}
