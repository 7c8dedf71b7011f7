import { join } from 'node:path';
import { isTaken } from '../../stores/file/guard-entry.js';
import { createFile } from '../../stores/file/text-file.js';
import { systemCode } from '../../system/system-code.js';
import { limited, safe, unsafe } from '../outcome.js';
import { errorOf, type Probe, type Site } from './probe.js';

/** `rename(2)` of a folder onto one that is not empty: the test-and-set by which only one is in the guard. */
export const exclusiveRename: Probe = {
  check: 'exclusive-rename',
  run(site) {
    const { fs, folder } = site;
    const guard = join(folder, 'guard');
    const [first, second] = [entrance(site, 'first'), entrance(site, 'second')];
    fs.renameSync(first, guard);
    const refusal = errorOf(() => fs.renameSync(second, guard));
    const [owner, ...others] = fs.readdirSync(guard);
    if (refusal === null || owner !== 'first' || others.length > 0) {
      return unsafe(
        'Renaming a folder onto one that is not empty succeeds: two processes could change a lock at the same time.',
      );
    }
    if (!isTaken(refusal)) {
      return limited(
        `Renaming a folder onto one that is not empty fails, but with ${systemCode(refusal)} instead of ENOTEMPTY: ` +
          'contenders get that error where they should get ErrLockBusy.',
      );
    }
    fs.unlinkSync(join(guard, 'first'));
    const obstacle = errorOf(() => fs.renameSync(second, guard));
    // Who finds the guard taken looks inside, and removes an empty one.
    if (obstacle !== null && !isTaken(obstacle)) {
      return limited(
        `Renaming a folder onto an empty one fails with ${systemCode(obstacle)}: contenders get that error when another ` +
          'process is just leaving the guard, or has died leaving it.',
      );
    }
    return safe('Renaming a folder onto one that is not empty fails.');
  },
};

/** A folder with its owner's file, as a process that enters the guard makes one. */
function entrance({ fs, folder }: Site, owner: string): string {
  const entrance = join(folder, `guard.${owner}`);
  fs.mkdirSync(entrance);
  createFile(fs, join(entrance, owner), '');
  return entrance;
}
