import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { attempt } from '../../system/attempt.js';
import { isOwn } from '../../system/files/is-own-file.js';
import { messageOf } from '../../system/message-of.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/** The collector runs as another user. */
const MODE = 0o644;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;

/**
 * Puts the text in the place of the file in one step, so that the collector never reads half of it. Only a file of this user is replaced, with the
 * same first two lines, or an empty one. Throws a `CliError`.
 */
export function writeTextfile(path: string, text: string): void {
  try {
    refuseForeign(path, firstLines(text));
    replace(path, text);
  } catch (error) {
    throw new CliError(ExitCode.store, `Cannot write ${path}: ${messageOf(error)}.`, { cause: error });
  }
}

/** The type and the description of the first family, which are always the same. */
function firstLines(text: string): string {
  return text.slice(0, text.indexOf('\n', text.indexOf('\n') + 1) + 1);
}

function refuseForeign(path: string, beginning: string): void {
  const status = fs.lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (status.isSymbolicLink()) throw new Error('it is a symbolic link');
  if (!status.isFile()) throw new Error('it is not a regular file');
  if (!isOwn(status)) throw new Error(`it belongs to another user (UID ${status.uid})`);
  const found = beginningOf(path, Buffer.byteLength(beginning));
  if (found !== '' && found !== beginning)
    throw new Error('it was not written by livinglock metrics, and was not changed. Name another file');
}

function beginningOf(path: string, length: number): string {
  const descriptor = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(length);
    return buffer.toString('utf8', 0, fs.readSync(descriptor, buffer, 0, length, 0));
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * Not by write-file-atomic: others may be able to write to this folder, and could plant links under the names that it writes to, which can be
 * foreseen. A name that is new follows no link (O_EXCL).
 */
function replace(path: string, text: string): void {
  const temporary = `${path}.${randomUUID()}`;
  const descriptor = fs.openSync(temporary, 'wx', MODE);
  try {
    try {
      fs.writeFileSync(descriptor, text);
      // Whatever the umask of cron is.
      fs.fchmodSync(descriptor, MODE);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, path);
  } catch (error) {
    attempt(() => fs.unlinkSync(temporary), null);
    throw error;
  }
}
