import { type Locks, sayWhichAreMeant, withLocks } from '../stores/locks.js';
import type { StoreAddress } from '../stores/store-option.js';
import { print, say } from '../terminal/messages.js';
import { terminal } from '../terminal/terminal.js';
import { toJson } from '../terminal/to-json.js';
import { Past } from './cached-history.js';
import { frameOf } from './frame.js';
import { exitCodeFor, readStatus, type Seen } from './read-status.js';

/** Prints the status of locks once. Returns the exit code. */
export function status(
  names: readonly string[],
  isJson: boolean,
  store: StoreAddress | undefined,
): Promise<number> {
  return withLocks(store, (locks) => show(names, locks, isJson));
}

async function show(names: readonly string[], locks: Locks, isJson: boolean): Promise<number> {
  sayWhichAreMeant(names, locks);
  const seen = await readStatus(names, locks, new Past(locks));
  for (const complaint of [...seen.failures, ...seen.notes]) say(complaint);
  await (isJson ? print(toJson(seen.locks)) : printText(seen, locks.place));
  return exitCodeFor(seen);
}

/** Prints nothing if that would only say that there are no locks, although some could not be read. */
export async function printText({ locks, failures }: Seen, place: () => string, before = ''): Promise<void> {
  if (failures.length > 0 && locks.length === 0) return;
  await print(`${before}${frameOf(locks, place, terminal(process.stdout)).join('\n')}`);
}
