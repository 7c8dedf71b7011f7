import { join } from 'node:path';
import { createFile } from '../../stores/file/text-file.js';
import { limited, safe, unsafe } from '../outcome.js';
import { failureOf, type Probe } from './probe.js';

/**
 * `readdir(3)`, and names as long as the guard's can get: a process in the guard says who it is by the name of a file,
 * percent signs and commas included.
 */
export const names: Probe = {
  check: 'names',
  run({ fs, folder }) {
    const name = `owner,%3A${'n'.repeat(200)}`;
    const path = join(folder, name);
    const failure = failureOf(() => createFile(fs, path, ''));
    if (failure !== null) {
      return limited(
        `A file name of ${name.length} characters is refused (${failure}); livinglock's get as long where the host's name is long.`,
      );
    }
    if (!fs.readdirSync(folder).includes(name)) {
      return unsafe(
        'A new file is not in the list of its folder (readdir): nobody could see who is in the guard.',
      );
    }
    fs.unlinkSync(path);
    if (fs.readdirSync(folder).includes(name)) {
      return unsafe(
        'A file that was removed stays in the list of its folder (readdir): the guard would seem to be taken for ever.',
      );
    }
    return safe('File names may be long, and the list of a folder shows what is there.');
  },
};
