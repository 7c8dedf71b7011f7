import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { parseRecord } from '../../../../src/core/record.js';
import { ErrLockLost, fileStore, type Lock, type LockRecord } from '../../../../src/index.js';
import type { FakeProcess } from '../../../../src/testing/index.js';
import { MEMORY, SECOND, World } from '../../../../support/world.js';
import { FaultyDisk } from './disk.js';

/** However long somebody waits for the guard, it is over by then. */
const PATIENCE = 10 * SECOND;

/** A lock on a disk with which one process, the actor, has trouble; others reach the same files without any. */
export class Scene {
  readonly world: World = new World({ parent: MEMORY });
  readonly disk: FaultyDisk = new FaultyDisk();
  readonly actor: FakeProcess = this.world.processes.start();
  readonly dependencies = this.world.as(this.actor);
  readonly store = fileStore({ ...this.dependencies, fileSystem: this.disk.fileSystem });
  /** The lock that the actor believes to hold. */
  held: Lock | null = null;
  hasTriedToRelease = false;

  async acquire(): Promise<void> {
    this.held = await this.world.acquire(this.actor, { store: this.store });
  }

  async heartBeat(): Promise<void> {
    await this.held?.heartBeat().catch((error: unknown) => this.#forgetIfLost(error));
  }

  async release(): Promise<void> {
    this.hasTriedToRelease = true;
    await this.held?.release().catch((error: unknown) => this.#forgetIfLost(error));
    this.held = null;
  }

  /** What the lock file says. */
  get record(): LockRecord | null {
    return existsSync(this.world.path) ? parseRecord(this.world.text, new Date(0)) : null;
  }

  /** What lies in the folder besides the lock file. */
  get litter(): string[] {
    return existsSync(this.world.folder) ? this.world.files.filter((name) => name !== 'job.lock') : [];
  }

  /** Gives the error, or `null` if there is none; lets the clock go on for who waits. */
  async failureOf(doing: Promise<void>): Promise<unknown> {
    let failure: unknown;
    let isOver = false;
    const watched = doing
      .then(
        () => null,
        (error: unknown) => error,
      )
      .then((error) => {
        failure = error;
        isOver = true;
      });
    await setImmediate();
    for (let waited = 0; !isOver && waited < PATIENCE; waited += SECOND)
      await this.world.clock.advance(SECOND);
    if (!isOver) throw new Error('It waits for ever.');
    await watched;
    return failure;
  }

  #forgetIfLost(error: unknown): never {
    if (error instanceof ErrLockLost) this.held = null;
    throw error;
  }
}
