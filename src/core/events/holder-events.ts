import type { Lease } from '../held/lease-machine.js';
import type { LockParts } from '../held/lock-parts.js';
import type { LockRecord } from '../record/record.js';
import { channels } from './channels.js';
import type { HolderEvent } from './events.js';

/** A lock as it was acquired. */
type HeldLock = Pick<
  LockParts,
  'name' | 'token' | 'record' | 'predecessor' | 'calledAt' | 'claimedAt' | 'clock'
>;

/** Publishes what happens to a lock that was acquired. */
export class HolderEvents {
  readonly #lock: HeldLock;
  /** When the last written heartbeat was sent, on the monotonic clock. */
  #beatAt: number;
  #hasEnded = false;

  constructor(lock: HeldLock) {
    this.#lock = lock;
    this.#beatAt = lock.claimedAt;
  }

  acquired(): void {
    const { predecessor, clock, calledAt } = this.#lock;
    if (predecessor !== null && channels.takeover.hasSubscribers) {
      channels.takeover.publish({ ...this.#holder, predecessor });
    }
    if (channels.acquired.hasSubscribers) {
      channels.acquired.publish({ ...this.#holder, waited: clock.monotonic() - calledAt, predecessor });
    }
  }

  heartbeatWritten({ progress }: LockRecord, sentAt: number): void {
    const interval = sentAt - this.#beatAt;
    this.#beatAt = sentAt;
    if (!channels.heartbeat.hasSubscribers) return;
    const duration = this.#lock.clock.monotonic() - sentAt;
    channels.heartbeat.publish({ ...this.#holder, progress, duration, interval });
  }

  /** Publishes one end only: a process may outlive its exit event, and use a lock that was released then. */
  ended(lease: Lease): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (lease.is === 'released' && channels.released.hasSubscribers) {
      channels.released.publish({ ...this.#holder, held: this.#held });
    }
    if (lease.is === 'lost' && channels.lost.hasSubscribers) {
      channels.lost.publish({ ...this.#holder, held: this.#held, error: lease.error });
    }
  }

  get #holder(): HolderEvent {
    const { name, token, record } = this.#lock;
    return { lock: name, token, fencingToken: record.fencingToken ?? 0 };
  }

  get #held(): number {
    return this.#lock.clock.monotonic() - this.#lock.claimedAt;
  }
}
