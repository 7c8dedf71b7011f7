import { join } from 'node:path';
import { createFile } from '../../stores/file/text-file.js';
import { limited, safe, unsafe } from '../outcome.js';
import type { Probe, Sightings } from './probe.js';
import { version } from './version.js';

/** At most so many, and for so many milliseconds: every one may take its time on a network. */
const REPLACEMENTS = 200;
const PERIOD = 1000;

/** While one process replaces a file over and over, another one always sees it, whole, and never an older version again. */
export const wholeReads: Probe = {
  check: 'whole-reads',
  async run({ fs, folder, onlooker }) {
    const path = join(folder, 'lock');
    createFile(fs, path, version(0));
    const { end } = await onlooker.watch(path, version(REPLACEMENTS));
    const deadline = performance.now() + PERIOD;
    for (let number = 1; number < REPLACEMENTS && performance.now() < deadline; number++) {
      fs.writeFileAtomicSync(path, version(number));
    }
    fs.writeFileAtomicSync(path, version(REPLACEMENTS));
    return judge(await end);
  },
};

function judge({ reads, missing, torn, backwards, errors, sawLast }: Sightings) {
  if (!sawLast || backwards > 0) {
    return unsafe(
      'Another process goes on seeing older versions of a file that was replaced: it would judge a lock by old heartbeats.',
    );
  }
  // No decision rests on such a read: who finds a lock free creates it in the guard, where nobody replaces it meanwhile.
  if (missing > 0) {
    return limited(
      `A file is not there for a moment while it is replaced (${missing} of ${reads} reads): \`inspect\` may find a held ` +
        'lock free. `acquire` looks again within its guard.',
    );
  }
  if (torn > 0) {
    return limited(
      `A file that is replaced can be read half old, half new (${torn} of ${reads} reads): a lock may look damaged for a moment.`,
    );
  }
  if (errors.length > 0) {
    return limited(
      `Reading a file that is replaced fails now and then (${errors.join(', ')}): contenders may get that error instead of ErrLockBusy.`,
    );
  }
  return safe('A file that is replaced is always there, whole: either the old one or the new one.');
}
