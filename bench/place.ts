import { accessSync, constants, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mount, mountOf } from '../support/figures/mount.js';

/** A folder of our own on one file system. */
export class Place {
  /** The folder that contains ours. */
  readonly parent: string;
  readonly mount: Mount;
  readonly #folder: string;
  #paths = 0;

  constructor(parent: string) {
    this.parent = parent;
    this.mount = mountOf(parent);
    this.#folder = mkdtempSync(join(parent, 'livinglock-bench-'));
    // On exit, so that it also happens after an interrupt or a failure.
    process.once('exit', () => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** The path of a lock that nobody has used yet, as deep as locks usually are. */
  newPath(): string {
    this.#paths += 1;
    return join(this.#folder, `${this.#paths}.lock`);
  }
}

/** One place in memory, if there is one, and one on a disk. */
export function openPlaces(): Place[] {
  const memory = ['/dev/shm', '/run/lock'].find((folder) => isWritable(folder) && isInMemory(folder));
  // On some systems the folder for temporary files is itself in memory.
  const disk = [tmpdir(), '/var/tmp', homedir()].find((folder) => isWritable(folder) && !isInMemory(folder));
  return [memory, disk]
    .filter((folder) => folder !== undefined)
    .map((folder) => new Place(realpathSync(folder)));
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isInMemory(folder: string): boolean {
  return mountOf(realpathSync(folder)).type === 'tmpfs';
}
