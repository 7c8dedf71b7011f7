import { join } from 'node:path';
import { createFile, readSnapshot } from '../../stores/file/text-file.js';
import { limited, safe, unsafe } from '../outcome.js';
import type { Probe } from './probe.js';

/** By so many milliseconds a file's time may differ from the clock without consequence; FAT counts in steps of two seconds. */
const TOLERANCE = 2000;

/**
 * Modification times: part of what tells one version of a record from another; and where death cannot be seen, the age of
 * the guard.
 */
export const times: Probe = {
  check: 'times',
  async run({ fs, folder, onlooker, now }) {
    const path = join(folder, 'file');
    const before = now();
    createFile(fs, path, 'text');
    const after = now();
    const mtimeMs = readSnapshot(fs, path)?.status.mtimeMs;
    if (mtimeMs === undefined) return unsafe('A file that was just written cannot be read.');
    const seen = [readSnapshot(fs, path)?.status.mtimeMs, (await onlooker.look(path)).mtimeMs];
    if (seen.some((time) => time !== mtimeMs)) {
      return limited(
        'The modification time of a file changes although nobody writes to it: a takeover may need several tries.',
      );
    }
    const skew = Math.max(0, mtimeMs - after) - Math.max(0, before - mtimeMs);
    if (Math.abs(skew) > TOLERANCE) {
      return limited(
        `The file server's clock is ${Math.round(Math.abs(skew) / 1000)} seconds ${skew > 0 ? 'ahead of' : 'behind'} this ` +
          "machine's: heartbeats and guards of other machines look younger or older than they are. Set both by NTP.",
      );
    }
    return safe("Files are dated by this machine's clock, or one that agrees with it.");
  },
};
