import { win32 } from 'node:path';

/** `C:\`, `\\server\share\`, and the same with the prefix of long paths. All others are devices, such as `\\.\pipe\`. */
const ROOT = /^(?:[a-z]:|\\\\(?![.?]\\)[^\\]+\\[^\\]+|\\\\\?\\(?:[a-z]:|UNC|Volume\{[-0-9a-f]+\}))\\$/i;
/** Devices in every folder, whatever their extension ("Naming Files, Paths, and Namespaces" on learn.microsoft.com). */
const DEVICE = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[\d¹²³])\s*(?:\.|$)/i;
/** What Windows calls a file whose name is longer than in DOS. */
const SHORT_NAME = /^(?=[^.]{3,8}(?:\.|$))[^.]+~\d+(?:\.[^.]{1,3})?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are forbidden, too
const FORBIDDEN = /[<>"|?*\u0000-\u001f]/;

/**
 * Why a path cannot be that of a lock on Windows; `null` if it can. Windows opens a file by several names, such as `job.lock` and `job.lock.`, while
 * `job.lock.guard` and `job.lock..guard` are two guards. The case of letters makes no difference to both.
 *
 * @param path Absolute.
 */
export function faultOnWindows(path: string): string | null {
  const { root } = win32.parse(path);
  if (!ROOT.test(root)) return 'it is the path of a device';
  const names = path.slice(root.length).split('\\').filter(Boolean);
  for (const name of names) {
    if (DEVICE.test(name)) return `${name} is the name of a device`;
    if (name.includes(':')) return 'a colon in a name means a stream of another file';
    if (FORBIDDEN.test(name)) return 'Windows does not allow the characters < > " | ? * in names';
    if (/[. ]$/.test(name)) return 'Windows ignores the dot or the space at the end of a name';
  }
  const file = names.at(-1);
  if (file === undefined) return 'it is a folder';
  return SHORT_NAME.test(file) ? `${file} may be the short name of a file with another name` : null;
}
