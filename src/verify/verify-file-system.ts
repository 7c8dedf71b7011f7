import type { FileSystemReport } from './file-system-report.js';
import { readVerifyOptions, type VerifyOptions } from './options.js';

/**
 * Finds out whether a lock can be kept in a folder: on NFS, SMB, FUSE, a volume of a container. First it tries, one by one,
 * the calls that the file store relies on; then several processes contend for a lock there, of which some are killed, and
 * it is checked by other means than files that never two hold it at once. It works in a new folder within the given
 * one, and removes it, and ends all its processes, whatever happens.
 *
 * What it says is of processes on this machine. It cannot try what happens between machines.
 *
 * Rejects with {@link ErrLockStore} if there is no such folder or nothing can be written there; with a `TypeError` or
 * `RangeError` for wrong parameters, before anything is touched; with the signal's reason when it aborts.
 *
 * The idea of such a checker is that of the Python package filelock (tox-dev).
 *
 * @example
 * const { verdict, findings } = await verifyFileSystem('/mnt/share', { duration: '10s' });
 * if (verdict === 'unsafe') throw new Error(findings.map(({ message }) => message).join('\n'));
 */
export async function verifyFileSystem(
  directory: string,
  options: VerifyOptions = {},
): Promise<FileSystemReport> {
  const settings = readVerifyOptions(options);
  if (typeof directory !== 'string' || directory === '') {
    throw new TypeError('The folder to verify must be a string that is not empty.');
  }
  settings.signal?.throwIfAborted();
  // Only here, because it is as much code as all the rest, and every cron job would have to load it.
  const { verification } = await import('./verification.js');
  return verification(directory, settings);
}
