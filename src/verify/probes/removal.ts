import { join } from 'node:path';
import { createFile, readSnapshot } from '../../stores/file/text-file.js';
import { limited, safe, unsafe } from '../outcome.js';
import { failureOf, type Probe } from './probe.js';

/** `rmdir(2)` and `unlink(2)`: how the guard is left, a dead owner removed from it, and a lock released. */
export const removal: Probe = {
  check: 'removal',
  run({ fs, folder }) {
    const guard = join(folder, 'guard');
    const owner = join(guard, 'owner');
    fs.mkdirSync(guard);
    createFile(fs, owner, 'owner');
    const full = failureOf(() => fs.rmdirSync(guard));
    if (full === null || fs.lstatSync(owner) === undefined) {
      return unsafe(
        'Removing a folder (rmdir) succeeds although it is not empty: a process could be put out of the guard that it is in.',
      );
    }
    fs.unlinkSync(owner);
    const again = failureOf(() => fs.unlinkSync(owner));
    if (again === null || fs.lstatSync(owner) !== undefined || readSnapshot(fs, owner) !== null) {
      return unsafe(
        'A file that was removed (unlink) is still there: a released lock would stay, or be released twice.',
      );
    }
    fs.rmdirSync(guard);
    if (!['ENOTEMPTY', 'EEXIST'].includes(full) || again !== 'ENOENT') {
      return limited(
        `Removing what cannot be removed fails with unusual errors (rmdir ${full}, unlink ${again} instead of ENOTEMPTY ` +
          'and ENOENT): contenders may get those instead of ErrLockBusy.',
      );
    }
    return safe(
      'A folder that is not empty cannot be removed (rmdir); a file that was removed (unlink) is gone.',
    );
  },
};
