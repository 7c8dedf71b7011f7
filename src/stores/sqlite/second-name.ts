import { readFileSync, realpathSync, statSync } from 'node:fs';
import { attempt } from '../../system/attempt.js';

/** How others can open a database under another name, and what to do about it. */
export interface SecondName {
  /** Follows the path of the database, or `it`. */
  readonly reason: string;
  readonly remedy: string;
}

const APART =
  'SQLite looks for the -journal and -wal files of a database by its name, so under another name others get the same lock, and the data may be damaged.';

const HARD_LINK: SecondName = {
  reason: 'has a second name, a hard link',
  remedy: `${APART} Use the database under one name only.`,
};

const MOUNTED_ALONE: SecondName = {
  reason: 'is mounted without its folder',
  remedy: `${APART} Mount the folder.`,
};

/**
 * Whether others may have the database open under a name by which they find neither the log with the latest changes, nor the journal that a crash has
 * left, as in "Multiple links to the same file" of https://www.sqlite.org/howtocorrupt.html. `null` if that is not known.
 */
export function secondNameOf(database: string): SecondName | null {
  const path = attempt(() => realpathSync(database), null);
  if (path === null) return null;
  if (attempt(() => statSync(path).nlink, 1) > 1) return HARD_LINK;
  return isMountPoint(path) ? MOUNTED_ALONE : null;
}

/**
 * Not by opening the file, which would tell as well: closing it again would release SQLite's locks on it (fcntl_locking(2)).
 *
 * @param mounts What proc_pid_mountinfo(5) describes: the fifth field is the mount point, with some characters in octal.
 */
export function isMountPoint(path: string, mounts: string = mountsHere()): boolean {
  const points = mounts
    .trimEnd()
    .split('\n')
    .map((mount) => {
      const [, , , , point = ''] = mount.split(' ');
      return point.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8)));
    });
  const last = points.lastIndexOf(path);
  // A later mount of a folder above covers it.
  const isCovered = () => points.slice(last).some((point) => path.startsWith(`${point}/`));
  return last >= 0 && !isCovered();
}

function mountsHere(): string {
  return process.platform === 'linux' ? attempt(() => readFileSync('/proc/self/mountinfo', 'utf8'), '') : '';
}
