import { closeSync, fstatSync, lstatSync, openSync } from 'node:fs';
import type { Life, Liveness, Sign, SignFile } from 'livinglock';
import type { World } from '../world.js';
import { type Gate, Killed } from './gate.js';

/** Whose signs of life they are. */
interface Keeper {
  readonly pid: number;
  readonly inContainer: boolean;
}

/**
 * Signs of life, stopping before every call. They are empty files in place of sockets, and the world knows who listens at which. A new
 * one is there before anybody listens: bind(2) and listen(2) are two calls.
 */
export class SteppedLife implements Life {
  readonly isMovable = true;
  readonly needsLocalFiles = false;
  readonly when: Life['when'];
  readonly #gate: Gate;
  readonly #world: World;
  readonly #pid: number;

  constructor(gate: Gate, world: World, { pid, inContainer }: Keeper) {
    this.when = inContainer ? 'entering' : 'holding';
    this.#gate = gate;
    this.#world = world;
    this.#pid = pid;
  }

  keep(path: string): Sign | null {
    try {
      const inode = this.#gate.step('bind', path, () => createFile(path));
      this.#gate.step('listen', path, () => this.#world.keepSign(this.#pid, inode));
      return { descriptor: null, close: () => this.#close(path, inode) };
    } catch (error) {
      if (error instanceof Killed) throw error;
      return null;
    }
  }

  /**
   * Two calls, as on Linux: the file may be moved or removed after it was opened. The numbers of files are not compared, since the stepped file
   * system gives none: they would differ from run to run.
   */
  async ask(path: string, { uid }: SignFile = {}): Promise<Liveness> {
    const found = this.#gate.step('open', `${path} (sign)`, () => lstatSync(path, { throwIfNoEntry: false }));
    if (found === undefined || !found.isFile() || found.size > 0) return 'unknown';
    if (uid !== undefined && uid !== found.uid) return 'unknown';
    return this.#gate.step('connect', path, () => (this.#world.isKept(found.ino) ? 'alive' : 'dead'));
  }

  #close(path: string, inode: number): void {
    try {
      this.#gate.step('close', `${path} (sign)`, () => this.#world.dropSign(this.#pid, inode));
    } catch (error) {
      // A dead process keeps no sign anyway.
      if (!(error instanceof Killed)) throw error;
    }
  }
}

/** Returns its inode number. */
function createFile(path: string): number {
  const descriptor = openSync(path, 'wx');
  try {
    return fstatSync(descriptor).ino;
  } finally {
    closeSync(descriptor);
  }
}
