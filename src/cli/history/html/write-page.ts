import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { currentUser } from '../../../core/user-and-folder.js';
import { isOwn } from '../../../system/files/is-own-file.js';
import { messageOf } from '../../../system/message-of.js';
import { systemCode } from '../../../system/system-code.js';
import { CliError } from '../../errors/cli-error.js';
import { ExitCode } from '../../errors/exit-codes.js';
import { version } from '../../program.js';
import { write } from '../../terminal/messages.js';
import type { ShownLock } from './lock-facts.js';
import { FIRST_LINE, historyPage } from './page.js';

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;

/** Writes the page of these locks to a file; for `-`, to stdout. */
export async function writeHistory(locks: readonly ShownLock[], file: string): Promise<void> {
  const page = historyPage(locks, {
    now: new Date(),
    host: hostname(),
    user: currentUser(),
    timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    version: version(),
  });
  if (file === '-') await write(page);
  else writePage(file, page);
}

/**
 * Writes a page into a file that only its user can read, because command lines may contain a password. Whoever reads it meanwhile sees the old page or
 * the new one. Only a page of this user is replaced: never another file, and nothing is written through a link.
 *
 * Throws a `CliError` if something else is there, or the system refuses.
 */
export function writePage(file: string, page: string): void {
  const path = resolve(file);
  const temporary = `${path}.${randomUUID()}`;
  try {
    const isThere = isPageThere(path);
    fs.writeFileSync(temporary, page, { flag: 'wx', mode: 0o600, flush: true });
    if (isThere) fs.renameSync(temporary, path);
    else place(temporary, path);
  } catch (error) {
    if (systemCode(error) === null) throw error;
    const reason = messageOf(error).replace(/, [a-z]+ '.*$/s, '');
    throw new CliError(ExitCode.store, `Cannot write ${path}: ${reason}.`, { cause: error });
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** `false` if nothing is there. */
function isPageThere(path: string): boolean {
  const status = fs.lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return false;
  if (!isOwn(status)) {
    throw new CliError(
      ExitCode.store,
      `${path} belongs to another user (UID ${status.uid}), so it is not replaced. Choose another name.`,
    );
  }
  if (status.isFile() && beginningOf(path) === `${FIRST_LINE}\n`) return true;
  throw refusal(path);
}

function beginningOf(path: string): string {
  const descriptor = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(Buffer.byteLength(FIRST_LINE) + 1);
    return buffer.toString('utf8', 0, fs.readSync(descriptor, buffer));
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Where nothing has been: unlike a renaming, a link replaces nothing that has come meanwhile. */
function place(temporary: string, path: string): void {
  try {
    fs.linkSync(temporary, path);
  } catch (error) {
    // Not every file system has links.
    if (systemCode(error) !== 'EEXIST' && !isPageThere(path)) fs.renameSync(temporary, path);
    else throw systemCode(error) === 'EEXIST' ? refusal(path) : error;
  }
}

function refusal(path: string): CliError {
  return new CliError(
    ExitCode.store,
    `${path} exists and is not a page written by livinglock, so it is not replaced. Choose another name, or remove it.`,
  );
}
