import { hostname } from 'node:os';
import { currentUser } from '../../../core/user-and-folder.js';
import { version } from '../../program.js';
import { write } from '../../terminal/messages.js';
import type { ShownLock } from './lock-facts.js';
import { historyPage } from './page.js';
import { writePage } from './replace-page.js';

/** Writes the page to a file; for `-`, to stdout. */
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
