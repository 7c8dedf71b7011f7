import lockfile from 'proper-lockfile';
import { attempt } from '../../../system/attempt.js';
import { GuardEntry } from './guard.js';
import type { GuardContext } from './guard-context.js';
import type { GuardOwner } from './guard-names.js';
import { STALE } from './guard-owner.js';
import type { GuardSection, Question } from './guard-types.js';

/** Another process is inside. */
export class GuardHeld extends Error {
  readonly owner: GuardOwner | null;
  /** The sign of life to ask before the next try. */
  readonly toAsk: Question | null;

  constructor(owner: GuardOwner | null, toAsk: Question | null) {
    super('the guard is held');
    this.owner = owner;
    this.toAsk = toAsk;
  }
}

/**
 * Runs a section while no other process runs one on the same path, or throws {@link GuardHeld}. The section must be
 * short and synchronous: nothing else of this thread runs before it has ended, so sections never nest.
 *
 * Throws {@link ErrNotALock} if something that is not livinglock's is in the guard's place, or in it.
 *
 * @param lock The path for messages, if it differs.
 */
export function runGuarded<T>(
  context: GuardContext,
  path: string,
  section: (stay: GuardSection) => T,
  lock: string = path,
): T {
  const entry = new GuardEntry(context, path, lock);
  let leave: () => void;
  try {
    leave = lockfile.lockSync(path, {
      fs: entry,
      lockfilePath: entry.guard,
      realpath: false,
      stale: STALE,
      // The section is over before the timer that this sets could fire.
      update: STALE / 2,
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ELOCKED')
      throw new GuardHeld(entry.seenOwner, entry.toAsk);
    throw error;
  }
  try {
    return section(entry);
  } finally {
    leaveForCertain(leave, entry);
  }
}

/**
 * The section's work is done, so a guard that cannot be removed must not turn it into a failure. The same thread
 * removes it when it comes back; others do once this process is dead.
 */
function leaveForCertain(leave: () => void, entry: GuardEntry): void {
  try {
    leave();
  } catch {
    // The disk may refuse twice.
    attempt(() => entry.rmdirSync(entry.guard), undefined);
  } finally {
    entry.close();
  }
}
