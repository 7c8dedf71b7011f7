import { systemCode } from '../../system/system-code.js';

// What it means that the system refuses a call.

/** Whether link(2) says that the file system has no hard links, or none between two folders. */
export function isWithoutHardLinks(code: string | null): boolean {
  return code !== null && ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV'].includes(code);
}

/** Whether rename(2) failed because a folder that is not empty is in the way; on Windows, any folder. */
export function isTaken(error: unknown): boolean {
  const code = systemCode(error);
  if (code === 'ENOTEMPTY' || code === 'EEXIST') return true;
  return process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES');
}
