import lockfile from 'lockfile';
import type { Release, Rival } from './rival.js';

/**
 * npm's `lockfile`. It never renews the time by which it judges a holder, so `stale` must be longer than the longest
 * job. Without `stale`, the lock of a crashed holder would stay forever.
 */
export function npmLockfile(stale: number): Rival {
  return {
    kind: 'lockfile',
    name: 'lockfile',
    acquire: (path) =>
      new Promise<Release | null>((resolve, reject) => {
        lockfile.lock(path, { stale }, (error) => {
          if (!error) resolve(() => unlock(path));
          else if (error.code === 'EEXIST') resolve(null);
          else reject(error);
        });
      }),
  };
}

function unlock(path: string): Promise<void> {
  return new Promise((resolve) => lockfile.unlock(path, resolve));
}
