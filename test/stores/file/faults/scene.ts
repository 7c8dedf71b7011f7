import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { parseRecord } from '../../../../src/core/record/record.js';
import { ErrLockLost, type Lock, type LockRecord } from '../../../../src/index.js';
import { fileStore } from '../../../../src/stores/file/index.js';
import type { FakeProcess } from '../../../../src/testing/index.js';
import { MEMORY, SECOND, World } from '../../../../support/world.js';
import { FaultyDisk } from './disk.js';

/** Any wait for the guard is over by then. */
const TIMEOUT = 10 * SECOND;

/** A lock on a disk with which one process, the actor, has trouble; others reach the same files without any. */
export class Scene {
  readonly world: World = new World({ parent: MEMORY });
  readonly disk: FaultyDisk = new FaultyDisk();
  readonly actor: FakeProcess = this.world.processes.start();
  readonly dependencies = this.world.as(this.actor);
  readonly store = fileStore({ ...this.dependencies, fileSystem: this.disk.fileSystem });
  /** The lock that the actor believes it holds. */
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

  /** The record in the lock file. */
  get record(): LockRecord | null {
    return existsSync(this.world.path) ? parseRecord(this.world.text, new Date(0)) : null;
  }

  /** What is in the folder besides the lock file. */
  get litter(): string[] {
    return existsSync(this.world.folder) ? this.world.files.filter((name) => name !== 'job.lock') : [];
  }

  /** Returns the error, or `null` without one. Advances the clock while the operation waits. */
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
    for (let waited = 0; !isOver && waited < TIMEOUT; waited += SECOND)
      await this.world.clock.advance(SECOND);
    if (!isOver) throw new Error('The operation waits forever.');
    await watched;
    return failure;
  }

  #forgetIfLost(error: unknown): never {
    if (error instanceof ErrLockLost) this.held = null;
    throw error;
  }
}
