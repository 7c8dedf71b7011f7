import { constants } from 'node:os';
import { isError } from './is-error.js';

/** What the system says of errors that Node knows only by number; errno(3). */
const UNKNOWN_TO_NODE: ReadonlyMap<string, string> = new Map([
  ['EDQUOT', 'disk quota exceeded'],
  ['ESTALE', 'stale file handle'],
]);

/** The code of a system error such as `ENOENT`, or of the error with which Node's permission model refuses a call; otherwise `null`. */
export function systemCode(error: unknown): string | null {
  if (!isError(error) || !('code' in error) || !('syscall' in error || 'permission' in error)) return null;
  if (typeof error.code !== 'string') return null;
  return codeByNumber(error.code) ?? error.code;
}

/** As Node would put it if it knew the error. */
export function readable(message: string): string {
  return message.replace(/^(Unknown system error -\d+): \1\b/, (all, unknown: string) => {
    const code = codeByNumber(unknown);
    return code === null ? all : `${code}: ${UNKNOWN_TO_NODE.get(code) ?? 'unknown error'}`;
  });
}

/** `Unknown system error -122` is EDQUOT on Linux. */
function codeByNumber(code: string): string | null {
  const [, number] = /^Unknown system error -(\d+)$/.exec(code) ?? [];
  if (number === undefined) return null;
  const known = Object.entries(constants.errno).find(([, each]) => each === Number(number));
  return known?.[0] ?? null;
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
