import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  acquire,
  breakLock,
  type Duration,
  LivingLockError,
  type Lock,
  type Store,
  systemClock,
} from 'livinglock';
import { fileStore } from 'livinglock/file';
import { onTestFinished } from 'vitest';
import { NOBODY, newFolder, removeFolder } from '../../support/host.js';
import { steppedFileSystem } from '../../support/stepped-file-system.js';
import { copyRemains } from './remains.js';
import { type Tree, treeOf } from './tree.js';

// Root's lock in a folder of the user nobody, who replaces something there in the middle of root's operation. Both are this process, which
// becomes nobody for that moment, so the kernel allows only what nobody can do.

/** What nobody puts in place of something else. */
type Exchange = (scene: Scene) => void;

/** An operation of root's, and what must exist before. */
export interface Operation {
  readonly prepare?: (scene: Scene) => Promise<void>;
  readonly act: (scene: Scene) => Promise<unknown>;
}

export class Scene {
  readonly #base = newFolder();
  readonly #exchange: Exchange;
  readonly folder = join(this.#base, 'app');
  readonly #hiddenFolder = `${this.folder}-hidden`;
  readonly path = join(this.folder, 'job.lock');
  readonly victim: string;
  readonly remains: string;
  readonly store: Store;
  /** The contents of the other folder that root has beside the lock. */
  readonly other: Tree;
  readonly #otherFolder: bigint;
  #step: ((name: string) => void) | null = null;
  #lock: Lock | null = null;
  #hidden = 0;
  /** The call before which something was replaced. */
  call = 'none';
  isExchanged = false;
  /** The error code of the operation, if it failed. */
  outcome = 'done';

  constructor(victim: string, remains: string, exchange: Exchange) {
    onTestFinished(() => rmSync(this.#base, { recursive: true, force: true }));
    this.victim = victim;
    this.remains = remains;
    this.#exchange = exchange;
    const other = join(this.folder, 'other');
    mkdirSync(other, { recursive: true });
    writeFileSync(join(other, 'file'), 'important');
    for (const folder of [this.folder, this.#base]) chownSync(folder, NOBODY, NOBODY);
    this.#otherFolder = lstatSync(other, { bigint: true }).ino;
    this.other = this.folderOfRoots();
    this.store = fileStore({
      fileSystem: steppedFileSystem((name) => this.#step?.(name)),
      clock: { ...systemClock, sleep: () => Promise.resolve() },
    });
  }

  /** Replaces something right before the call of that number, or the first of that name. Whatever the result of the operation, it must be an answer that the library defines. */
  async play(at: number | string, act: () => Promise<unknown>): Promise<void> {
    let calls = 0;
    this.#step = (name) => {
      calls += 1;
      if (this.isExchanged || ![calls, name].includes(at)) return;
      // A call chosen by name is one at which there is something to replace.
      if (at === name && this.guards.length === 0 && !existsSync(this.path)) return;
      this.call = `${calls} ${name}`;
      this.isExchanged = true;
      asNobody(() => this.#exchange(this));
    };
    try {
      await act();
    } catch (error) {
      if (!(error instanceof LivingLockError)) throw error;
      this.outcome = error.code;
    } finally {
      this.#step = null;
    }
  }

  async acquire(holdAtLeast?: Duration): Promise<void> {
    this.#lock = await acquire(this.path, { store: this.store, heartbeatMinimalInterval: 0, holdAtLeast });
  }

  get lock(): Lock {
    if (this.#lock === null) throw new Error('It was not acquired.');
    return this.#lock;
  }

  /** The names of livinglock's files there, except for the lock. */
  get guards(): string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith('job.lock.guard'));
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  hide(name: string): void {
    this.#hidden += 1;
    renameSync(this.at(name), this.at(`hidden-${this.#hidden}`));
  }

  /** Replaces the folder itself by a link, which nobody can do because the folder above belongs to nobody too. */
  exchangeFolder(): void {
    renameSync(this.folder, this.#hiddenFolder);
    symlinkSync(this.victim, this.folder);
  }

  /** Its current path. Its own status changes with its name, which does not matter here. */
  folderOfRoots(): Tree {
    const folder = existsSync(this.#hiddenFolder) ? this.#hiddenFolder : this.folder;
    const place = readdirSync(folder)
      .map((name) => join(folder, name))
      .find((path) => lstatSync(path, { bigint: true }).ino === this.#otherFolder);
    if (place === undefined) return { gone: '' };
    const { mtimeNs } = lstatSync(place, { bigint: true });
    return { ...treeOf(place), '.': String(mtimeNs) };
  }

  async end(): Promise<void> {
    await this.#lock?.release().catch(() => {});
    removeFolder(this.#base);
  }
}

/** Replacements, by name. */
export const exchanges = {
  'each folder for a link': (scene) => {
    for (const name of scene.guards) {
      scene.hide(name);
      symlinkSync(scene.victim, scene.at(name));
    }
  },
  'a folder for another folder of root': (scene) => {
    for (const name of scene.guards.slice(0, 1)) {
      scene.hide(name);
      renameSync(scene.at('other'), scene.at(name));
    }
  },
  'each folder for one that others can write to': (scene) => {
    for (const name of scene.guards) {
      scene.hide(name);
      mkdirSync(scene.at(name));
      chmodSync(scene.at(name), 0o777);
    }
  },
  'the folder of the lock for a link': (scene) => scene.exchangeFolder(),
  'the lock for a link to a file': exchangeLock(({ victim }, path) =>
    symlinkSync(join(victim, 'passwd'), path),
  ),
  'the lock for a link to a folder': exchangeLock(({ victim }, path) => symlinkSync(victim, path)),
  'the lock for a file of his own': exchangeLock((_scene, path) => writeFileSync(path, 'mine')),
} satisfies Readonly<Record<string, Exchange>>;

function exchangeLock(put: (scene: Scene, path: string) => void): Exchange {
  return (scene) => {
    if (existsSync(scene.path)) scene.hide('job.lock');
    put(scene, scene.path);
  };
}

export const operations = {
  'an acquisition': { act: (scene) => scene.acquire() },
  'a takeover, with all that the killed leave': {
    prepare: async ({ remains, folder }) => copyRemains(remains, folder),
    act: (scene) => scene.acquire(),
  },
  'a heartbeat': { prepare: (scene) => scene.acquire(), act: ({ lock }) => lock.heartBeat() },
  'a release': { prepare: (scene) => scene.acquire(), act: ({ lock }) => lock.release() },
  'a release that keeps the record': {
    prepare: (scene) => scene.acquire('1h'),
    act: ({ lock }) => lock.release(),
  },
  'a forced break': {
    prepare: (scene) => scene.acquire(),
    act: ({ path, store }) => breakLock(path, { store, force: true }),
  },
} satisfies Readonly<Record<string, Operation>>;

function asNobody(act: () => void): void {
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  try {
    act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
