import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { attempt } from '../../system/attempt.js';
import { isOwn } from '../../system/files/is-own-file.js';
import { beginningOf } from '../../system/files/open-to-read.js';
import { messageOf } from '../../system/message-of.js';
import { systemCode } from '../../system/system-code.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/** A file that only the command writes. */
export interface OwnFile {
  readonly mode: number;
  /** By this it is recognized. */
  readonly beginning: string;
  /** Whether an empty file may be replaced, too. */
  readonly mayBeEmpty: boolean;
  /** What is wrong with a file that begins otherwise. */
  readonly complaint: string;
}

/**
 * Writes a file in one step: whoever reads it meanwhile sees the old text or the new one. Only such a file of this user is replaced: never another
 * file, and nothing is written through a link.
 *
 * Throws a `CliError` if something else is there, or the system refuses.
 */
export function replaceOwnFile(path: string, text: string, own: OwnFile): void {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const isThere = isOwnThere(path, own);
    create(temporary, text, own.mode);
    if (isThere) fs.renameSync(temporary, path);
    else place(temporary, path, own);
  } catch (error) {
    if (systemCode(error) === null) throw error;
    const reason = messageOf(error).replace(/, [a-z]+ '.*$/s, '');
    throw new CliError(ExitCode.store, `Cannot write ${path}: ${reason}.`, { cause: error });
  } finally {
    attempt(() => fs.unlinkSync(temporary), undefined);
  }
}

/** `false` if nothing is there. */
function isOwnThere(path: string, { beginning, mayBeEmpty, complaint }: OwnFile): boolean {
  const status = fs.lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return false;
  if (!isOwn(status)) throw refusal(path, `it belongs to another user (UID ${status.uid})`);
  if (status.isSymbolicLink()) throw refusal(path, 'it is a symbolic link');
  if (!status.isFile()) throw refusal(path, 'it is not a regular file');
  const found = beginningOf(path, Buffer.byteLength(beginning)).toString();
  if (found === beginning || (found === '' && mayBeEmpty)) return true;
  throw refusal(path, complaint);
}

function refusal(path: string, complaint: string): CliError {
  return new CliError(
    ExitCode.store,
    `Cannot write ${path}: ${complaint}, so it is not replaced. Choose another name.`,
  );
}

/**
 * Not by write-file-atomic: others may be able to write to this folder, and could plant links under the names that it writes to, which can be
 * foreseen. A name that is new follows no link (O_EXCL).
 */
function create(path: string, text: string, mode: number): void {
  const descriptor = fs.openSync(path, 'wx', mode);
  try {
    fs.writeFileSync(descriptor, text);
    // Whatever the umask is. Some file systems refuse it, but have the same permissions for all files.
    if ((fs.fstatSync(descriptor).mode & mode) !== mode) fs.fchmodSync(descriptor, mode);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Where nothing has been: unlike a renaming, a link replaces nothing that has come meanwhile. */
function place(temporary: string, path: string, own: OwnFile): void {
  try {
    fs.linkSync(temporary, path);
  } catch {
    // Not every file system has links; or another process has just written the same.
    isOwnThere(path, own);
    fs.renameSync(temporary, path);
  }
}
