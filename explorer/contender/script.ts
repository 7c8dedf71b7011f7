import {
  type AcquireOptions,
  acquire,
  ErrLockBusy,
  ErrLockLost,
  ErrLockStore,
  ErrNotALock,
  type Lock,
} from 'livinglock';
import { fileStore } from 'livinglock/file';
import { breakageOf } from '../../support/breakages/index.js';
import { HEARTBEAT_INTERVAL, STALE_TIMEOUT } from '../options.js';
import type { Part, ScriptName } from '../part.js';
import { clockOf, processesOf, type World } from '../world.js';
import { nameIdentifiersAfter } from './determinism.js';
import { type Gate, Killed } from './gate.js';
import { mortalStore } from './mortal-store.js';
import { sleepThrough } from './sleep.js';
import { steppedFileSystem } from './stepped-file-system.js';
import { SteppedLife } from './stepped-life.js';

/** How often a job tries to acquire the lock before it gives up. */
const TRIES = 2;

/** Plays a part with the real library, and reports the result. */
export async function play(part: Part, gate: Gate, world: World): Promise<void> {
  nameIdentifiersAfter(part.pid);
  const actor = new Actor(part, gate, world);
  try {
    await actor.play(part.script);
  } catch (error) {
    if (!(error instanceof Killed)) gate.tell(`failed ${String(error)}`);
  }
  gate.end();
  await actor.forget();
}

class Actor {
  readonly #path: string;
  readonly #gate: Gate;
  readonly #options: AcquireOptions;
  #lock: Lock | undefined;

  constructor({ pid, inContainer, path, breakage }: Part, gate: Gate, world: World) {
    this.#path = path;
    this.#gate = gate;
    const broken = breakageOf(breakage);
    const clock = clockOf(world, sleepThrough(gate));
    const processes = processesOf(world, pid, inContainer);
    const life = new SteppedLife(gate, world, { pid, inContainer });
    const stepped = steppedFileSystem(gate, world);
    const fileSystem = broken?.fileSystem?.(stepped, clock) ?? stepped;
    const store = fileStore({ clock, processes, life, fileSystem });
    this.#options = {
      staleTimeout: STALE_TIMEOUT,
      heartbeatMinimalInterval: HEARTBEAT_INTERVAL,
      command: `contender ${pid}`,
      store: mortalStore(broken?.store?.(store, fileSystem) ?? store, gate),
      dependencies: { clock, processes, life },
    };
  }

  async play(script: ScriptName): Promise<void> {
    if (!(await this.#acquire())) return;
    if (script !== 'visit' && !(await this.#heartBeat())) return;
    if (script !== 'job') this.#gate.pause('inside');
    await this.#release();
  }

  /** Must be called once nothing can be done any more; see `mortalStore`. */
  async forget(): Promise<void> {
    await this.#lock?.release().catch(() => {});
  }

  async #acquire(): Promise<boolean> {
    for (let left = TRIES; left > 0; left--) {
      this.#gate.tell('acquiring');
      try {
        this.#lock = await acquire(this.#path, this.#options);
        this.#gate.tell(`acquired ${this.#lock.token}`);
        return true;
      } catch (error) {
        if (error instanceof ErrNotALock) {
          this.#gate.tell('foreign');
          return false;
        }
        if (!(error instanceof ErrLockBusy)) throw error;
        this.#gate.tell(`busy ${error.reason}`);
        if (left > 1) this.#gate.step('wait', 'for the lock', () => {}, 'yield');
      }
    }
    return false;
  }

  /** Whether the lock is still held. */
  async #heartBeat(): Promise<boolean> {
    this.#gate.tell('beating');
    return this.#attempt('beaten', () => this.#lock?.heartBeat());
  }

  async #release(): Promise<void> {
    this.#gate.tell('releasing');
    await this.#attempt('released', () => this.#lock?.release());
  }

  async #attempt(success: string, action: () => Promise<void> | undefined): Promise<boolean> {
    try {
      await action();
      this.#gate.tell(success);
      return true;
    } catch (error) {
      if (error instanceof ErrLockLost) {
        this.#gate.tell('lost');
        return false;
      }
      if (!(error instanceof ErrLockStore && error.code === 'EBUSY')) throw error;
      this.#gate.tell('occupied');
      return true;
    }
  }
}
