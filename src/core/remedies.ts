/** What to do about a system error, in a sentence for the end of a message; empty where the message itself says it. */
export function remedyFor(code: string): string {
  return REMEDIES.get(code) ?? '';
}

const MAKE_ROOM = 'Make room on that file system: for bytes, and for inodes.';
const PERMIT =
  "Give this process's user the right to read and write in the lock's folder, or choose another folder.";
const CLOSE_FILES = 'Close files that are not needed, or raise the limit (`ulimit -n`).';
/**
 * What is beside a lock for a moment is called after it, with up to 49 more bytes. Most file systems take 255 in a name, and Linux 4095 in
 * a path.
 */
const SHORTEN =
  'Choose a shorter one: the name of the file may have up to 206 bytes (with .lock, where that is added), that of a folder 255.';
const ANOTHER = 'Choose another path.';
const LOOK_AFTER_DISK = 'See whether the disk, or the file server, is well, and try again.';

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', MAKE_ROOM],
  ['EDQUOT', MAKE_ROOM],
  ['EACCES', PERMIT],
  ['EPERM', PERMIT],
  ['EROFS', 'Mount that file system so that it can be written to, or choose another folder.'],
  ['EMFILE', CLOSE_FILES],
  ['ENFILE', CLOSE_FILES],
  ['EIO', LOOK_AFTER_DISK],
  ['ESTALE', LOOK_AFTER_DISK],
  ['ETIMEDOUT', LOOK_AFTER_DISK],
  ['ENAMETOOLONG', SHORTEN],
  ['ENOTDIR', 'Something on the way to the lock is not a folder but a file. Choose another path.'],
  ['ELOOP', 'Choose a path without such a link.'],
  ['EISDIR', ANOTHER],
  ['ENXIO', ANOTHER],
  ['EINVAL', ANOTHER],
  ['EINTR', 'Try again.'],
  [
    'ENOENT',
    "Try again, and keep others from cleaning the lock's folder; where nothing can be made at all, as in /proc, choose another one.",
  ],
  ['EEXIST', 'Try again.'],
]);
