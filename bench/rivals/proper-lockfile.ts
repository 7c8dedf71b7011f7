import { closeSync, openSync } from 'node:fs';
import { type LockOptions, lock, lockSync } from 'proper-lockfile';
import type { Release, Rival } from './rival.js';

const kind = 'proper-lockfile';

/** proper-lockfile with promises, as its manual introduces it. */
export function properLockfile(variant = '', options: LockOptions = {}): Rival {
  return {
    kind,
    name: `proper-lockfile${variant}`,
    prepare: createFile,
    async acquire(path): Promise<Release | null> {
      try {
        return await lock(path, options);
      } catch (error) {
        return busyOrThrow(error);
      }
    },
  };
}

export const properLockfileSync: Rival = {
  kind,
  name: 'proper-lockfile, `lockSync`',
  prepare: createFile,
  acquire(path): Release | null {
    try {
      return lockSync(path);
    } catch (error) {
      return busyOrThrow(error);
    }
  },
};

/** By default it asks for the real path of the file, which must therefore exist. */
function createFile(path: string): void {
  closeSync(openSync(path, 'a'));
}

function busyOrThrow(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ELOCKED') return null;
  throw error;
}
