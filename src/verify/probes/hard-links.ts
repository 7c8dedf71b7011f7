import { join } from 'node:path';
import { isWithoutHardLinks } from '../../stores/file/file-store.js';
import { createFile, readSnapshot } from '../../stores/file/text-file.js';
import { limited, type Outcome, safe, unsafe } from '../outcome.js';
import { failureOf, type Probe, type Site } from './probe.js';

/** `link(2)`: how a new lock file comes to its path, whole and without ever overwriting another. */
export const hardLinks: Probe = {
  check: 'hard-links',
  run({ fs, folder }) {
    const [mine, theirs, lock] = [join(folder, 'mine'), join(folder, 'theirs'), join(folder, 'lock')];
    createFile(fs, mine, 'mine');
    createFile(fs, theirs, 'theirs');
    if (countOf(fs, mine) === 2) {
      return unsafe(
        'A file that was just created counts two hard links: a link that fails would be taken for one that succeeded.',
      );
    }
    const failure = failureOf(() => fs.linkSync(mine, lock));
    if (failure !== null) return withoutLinks(failure);
    const second = failureOf(() => fs.linkSync(theirs, lock));
    if (second === null || readSnapshot(fs, lock)?.text !== 'mine') {
      return unsafe(
        'A hard link (link) overwrites what is at its path: two processes would both get the lock.',
      );
    }
    if (second !== 'EEXIST') {
      return limited(
        `A hard link (link) fails where its path exists, but with ${second} instead of EEXIST: a race ends with that error.`,
      );
    }
    if (countOf(fs, mine) !== 2) {
      return limited(
        'Hard links work, but are not counted (st_nlink): a link whose answer is lost on the network counts as failed.',
      );
    }
    return safe('Hard links work, and fail where their path exists.');
  },
};

function countOf(fs: Site['fs'], path: string): number | undefined {
  return fs.lstatSync(path)?.nlink;
}

function withoutLinks(code: string): Outcome {
  return isWithoutHardLinks(code)
    ? limited(
        `There are no hard links (link fails with ${code}); livinglock creates its file by rename instead, within ` +
          'its guard. Never two at once among the processes of one machine, but with one line of defence less.',
      )
    : unsafe(`A hard link (link) fails with ${code}: no lock can be created here.`);
}
