/** What to do about a system error, in a sentence for the end of a message; empty if the message itself says it. */
export function remedyFor(code: string): string {
  const own = process.platform === 'win32' ? ON_WINDOWS.get(code) : undefined;
  return own ?? REMEDIES.get(code) ?? '';
}

const MAKE_ROOM = 'Free up space or inodes on that file system.';
const PERMIT =
  "This process's user must be able to read and write the lock's folder, and to read a lock file that another user wrote (umask 022 or 027). " +
  'Otherwise choose another folder.';
const PERMIT_REMOVAL =
  "This process's user must be able to write to the lock's folder. In a sticky folder, such as /tmp, only the user who wrote a lock file can " +
  'replace it. Otherwise choose another folder.';
const CLOSE_FILES = 'Close files that are not needed, or raise the limit (`ulimit -n`).';
/**
 * Files that belong to a lock have its name plus up to 49 bytes. Most file systems allow 255 bytes in a name, and Linux allows 4095 in
 * a path.
 */
const SHORTEN =
  "Choose a shorter name. A lock file's name may have up to 206 bytes (including .lock, if added), a folder's name 255.";
const ALLOW =
  "Node's permission model forbids it: allow reading and writing in the lock's folder and, on Linux, add `--allow-fs-read=/proc/ " +
  '--allow-fs-write=/proc/self/fd/`.';
const ANOTHER = 'Choose another path.';
const CHECK_DISK = 'Check that the disk or the file server is healthy, and try again.';

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', MAKE_ROOM],
  ['EDQUOT', MAKE_ROOM],
  ['EFBIG', 'Raise the limit on the size of files (`ulimit -f`).'],
  ['EACCES', PERMIT],
  ['EPERM', PERMIT_REMOVAL],
  ['ERR_ACCESS_DENIED', ALLOW],
  ['EROFS', 'Mount that file system read-write, or choose another folder.'],
  ['EMFILE', CLOSE_FILES],
  ['ENFILE', CLOSE_FILES],
  ['EIO', CHECK_DISK],
  ['ESTALE', CHECK_DISK],
  ['ETIMEDOUT', CHECK_DISK],
  ['ENAMETOOLONG', SHORTEN],
  ['EBUSY', 'If the lock file itself is mounted (`-v job.lock:/job.lock`), mount its folder instead.'],
  ['ENOTDIR', 'Part of the path to the lock is a file, not a folder. Choose another path.'],
  ['ELOOP', 'Choose a path without such a link.'],
  ['EISDIR', ANOTHER],
  ['ENXIO', ANOTHER],
  ['EINVAL', ANOTHER],
  ['EINTR', 'Try again.'],
  [
    'ENOENT',
    "Try again, and make sure that nothing cleans up the lock's folder; if nothing can be created there at all, as in /proc, choose another folder.",
  ],
  ['EEXIST', 'Try again.'],
]);

const OPEN_OR_FORBIDDEN =
  'Another program may have that file open, such as a virus scanner or a backup: try again. Or this user may not write to that folder: choose ' +
  'another one, such as one below %LOCALAPPDATA%.';

/** Windows has drives, and no limit that a shell could raise. It does not tell a file that is open from one that must not be changed. */
const ON_WINDOWS: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'Free up space on that drive.'],
  ['EACCES', OPEN_OR_FORBIDDEN],
  ['EPERM', OPEN_OR_FORBIDDEN],
  ['EBUSY', OPEN_OR_FORBIDDEN],
  ['EROFS', 'That drive cannot be written to. Choose a folder on another one.'],
  ['EMFILE', 'Close files that are not needed.'],
  ['ENFILE', 'Close files that are not needed.'],
  [
    'ENOENT',
    "Make sure that the drive or the share is there, that nothing cleans up the lock's folder, and try again.",
  ],
]);
