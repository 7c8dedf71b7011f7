import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { currentUser } from '../../../core/user-and-folder.js';
import { version } from '../../program.js';
import { write } from '../../terminal/messages.js';
import { replaceOwnFile } from '../../terminal/own-file.js';
import type { ShownLock } from './lock-facts.js';
import { FIRST_LINE, historyPage } from './page.js';

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
 * Writes a page into a file that only its user can read, because command lines may contain a password. Only a page of this user is replaced. Throws a
 * `CliError`.
 */
export function writePage(file: string, page: string): void {
  replaceOwnFile(resolve(file), page, {
    mode: 0o600,
    beginning: `${FIRST_LINE}\n`,
    mayBeEmpty: false,
    complaint: 'it is not a page written by livinglock',
  });
}
