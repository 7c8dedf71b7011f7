import { join } from 'node:path';
import { createFile, readSnapshot } from '../../stores/file/text-file.js';
import { limited, safe, unsafe } from '../outcome.js';
import { failureOf, type Probe } from './probe.js';

/** `open(2)` with `O_EXCL`: how each private file of a contender begins. */
export const exclusiveCreate: Probe = {
  check: 'exclusive-create',
  run({ fs, folder }) {
    const path = join(folder, 'file');
    createFile(fs, path, 'first');
    const failure = failureOf(() => fs.closeSync(fs.openSync(path, 'wx')));
    if (failure === null || readSnapshot(fs, path)?.text !== 'first') {
      return unsafe(
        'Creating a file exclusively (O_EXCL) succeeds although it exists: two processes would both have created it.',
      );
    }
    if (failure !== 'EEXIST') {
      return limited(
        `Creating a file exclusively (O_EXCL) fails where it exists, but with ${failure} instead of EEXIST.`,
      );
    }
    return safe('Creating a file exclusively (O_EXCL) fails where it exists.');
  },
};
