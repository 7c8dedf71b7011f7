import { isError } from './is-error.js';

/** The code of a system error such as `ENOENT`, or of the error with which Node's permission model refuses a call; otherwise `null`. */
export function systemCode(error: unknown): string | null {
  if (!isError(error) || !('code' in error) || !('syscall' in error || 'permission' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** As the system reports it: for what has the same meaning as that error. */
export function systemError(
  code: string,
  syscall: string,
  path: string,
  message = `${syscall} '${path}'`,
): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code, syscall, path });
}
