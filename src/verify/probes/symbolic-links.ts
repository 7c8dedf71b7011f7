import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createFile, readSnapshot } from '../../stores/file/text-file.js';
import { limited, safe } from '../outcome.js';
import { failureOf, type Probe } from './probe.js';

/** `open(2)` with `O_NOFOLLOW`: a lock is never read through a symbolic link. */
export const symbolicLinks: Probe = {
  check: 'symbolic-links',
  run({ fs, folder }) {
    const target = join(folder, 'target');
    const link = join(folder, 'link');
    createFile(fs, target, 'target');
    // Not one of the calls that the store makes; others make the links that it refuses.
    const unavailable = failureOf(() => symlinkSync(target, link));
    if (unavailable !== null)
      return safe(`There can be no symbolic links here (symlink fails with ${unavailable}).`);
    const failure = failureOf(() => readSnapshot(fs, link));
    return failure === 'ELOOP'
      ? safe('A symbolic link in the place of a lock is refused (O_NOFOLLOW).')
      : limited(
          'A symbolic link in the place of a lock is followed (O_NOFOLLOW has no effect): who can write to the folder ' +
            'can have a file elsewhere read as a lock.',
        );
  },
};
