import { performance } from 'node:perf_hooks';
import { attempt } from '../../system/attempt.js';
import { blockFor } from '../../system/block-for.js';
import { systemCode } from '../../system/system-code.js';
import { isLifePath } from './guard/guard-names.js';

/** For how many milliseconds a call is tried again at least. A virus scanner or a backup reads a lock file in less. */
const TIMEOUT = 2000;
/** It goes on to that many tries, but no longer than this: on a busy machine there is time for only a few, and others may have the file open at each. */
const LEAST_TRIES = 100;
const LONGEST_TIMEOUT = 10_000;
/** The longest pause between two tries, in milliseconds. */
const LONGEST_PAUSE = 10;

/** The calls that Windows may refuse because of an open file, as in `FileSystem`. */
interface Refusable {
  openSync(path: string, flags: string | number, mode?: number): number;
  unlinkSync(path: string): void;
  rmdirSync(path: string): void;
  renameSync(from: string, to: string): void;
  writeFileAtomicSync(path: string, data: string, mode?: number): void;
  lstatSync(path: string): { isDirectory(): boolean } | undefined;
}

/** What it takes to wait. Inject another one to make tests deterministic. */
export interface Patience {
  /** Milliseconds of a clock that is never set. */
  now(): number;
  /** Blocks for this many milliseconds. */
  pause(milliseconds: number): void;
}

const PATIENCE: Patience = { now: () => performance.now(), pause: blockFor };

/**
 * For Windows, where a file that any process has open just now, such as a reader or a virus scanner, cannot be replaced, and not always be
 * removed or opened. All calls are synchronous, so the waiting is, too.
 */
export function insistentFileSystem<T extends Refusable>(fs: T, patience: Patience = PATIENCE): T {
  const insist = <R>(call: () => R, isFinal = () => false): R => {
    const begun = patience.now();
    for (let tries = 1; ; tries++) {
      try {
        return call();
      } catch (error) {
        const isEnough = patience.now() - begun >= (tries < LEAST_TRIES ? LONGEST_TIMEOUT : TIMEOUT);
        if (!isOfOpenFile(error) || isFinal() || isEnough) throw error;
        patience.pause(Math.random() * LONGEST_PAUSE);
      }
    }
  };
  return {
    ...fs,
    openSync: (path, flags, mode) => insist(() => fs.openSync(path, flags, mode)),
    unlinkSync: (path) =>
      insist(
        () => fs.unlinkSync(path),
        // It stays open as long as its keeper lives, and is removed with it.
        () => isLifePath(path),
      ),
    rmdirSync: (path) => insist(() => fs.rmdirSync(path)),
    // A folder in the way, such as somebody's guard, stays there.
    renameSync: (from, to) =>
      insist(
        () => fs.renameSync(from, to),
        () => attempt(() => fs.lstatSync(to)?.isDirectory() === true, false),
      ),
    writeFileAtomicSync: (path, data, mode) => insist(() => fs.writeFileAtomicSync(path, data, mode)),
  };
}

/** Windows says the same if it is not permitted at all. */
function isOfOpenFile(error: unknown): boolean {
  return ['EPERM', 'EACCES', 'EBUSY'].includes(systemCode(error) ?? '');
}
