import { isOfSameKernel, isUnique } from '../../../system/processes/process-identity.js';
import type { OpenFolder } from '../file-system.js';
import type { GuardContext } from './guard-context.js';
import { type GuardOwner, isOfSameThread, ownerFrom } from './guard-names.js';

/**
 * After this many milliseconds a guard is taken from an owner about which nothing is known: on another machine, or in
 * another PID namespace without a sign of life. It is never taken from an owner that is known to be alive, and at once from a dead one.
 */
export const STALE = 30_000;

/**
 * Modification times that always count as stale, or never, whatever the time is. The present would not do for the latter: a process that is paused or
 * suspended between answering with it and comparing it with the clock would find it stale, and rob a living owner.
 */
const ALWAYS_STALE = new Date(0);
export const NEVER_STALE = new Date(8.64e15);

/** A file in a guard that says who its owner is. */
export interface OwnerFile {
  readonly name: string;
  /** Whether the owner keeps a sign of life there. */
  readonly isSigned: boolean;
}

/** How long ago a guard was last touched, as far as that may count. */
interface Age {
  readonly time: Date;
  /** The owner that determines it. */
  readonly owner: GuardOwner | null;
  /** The name of its file, if only its sign of life can tell more. */
  readonly toAsk: string | null;
}

/**
 * There is one owner, unless somebody has copied a guard into another.
 *
 * @param entrant The name of the process that wants to enter.
 */
export function ageOfGuard(
  owners: readonly OwnerFile[],
  folder: OpenFolder,
  entrant: string,
  context: GuardContext,
): Age {
  let age: Age = { time: ALWAYS_STALE, owner: null, toAsk: null };
  for (const file of owners) {
    const each = ageByOwner(file, folder, entrant, context);
    if (each.time >= age.time) age = each;
  }
  return age;
}

function ageByOwner(
  { name, isSigned }: OwnerFile,
  folder: OpenFolder,
  entrant: string,
  { processes, life, isOfEarlierBoot, answers }: GuardContext,
): Age {
  const owner = ownerFrom(name);
  const at = (time: Date, toAsk: string | null = null) => ({ time, owner, toAsk });
  if (owner === null) return at(ALWAYS_STALE);
  const isOwn = isOfSameThread(name, entrant);
  // Sections of one thread never overlap: if it finds its own guard, that is a leftover that it could not remove.
  if (isOwn && isUnique(owner.identity)) return at(ALWAYS_STALE);
  const liveness = isOwn ? 'unknown' : processes.liveness(owner.identity);
  switch (liveness === 'unknown' ? (answers.get(name) ?? 'unknown') : liveness) {
    case 'dead':
      return at(ALWAYS_STALE);
    case 'alive':
      return at(NEVER_STALE);
    case 'unknown': {
      if (isOfEarlierBoot(owner.identity, folder)) return at(ALWAYS_STALE);
      const canBeAsked = isSigned && life !== null && isOfSameKernel(owner.identity, processes.self());
      if (canBeAsked && !answers.has(name)) return at(NEVER_STALE, name);
      const changed = new Date(folder.status.mtimeMs);
      // In the future: the clock was set back since, and nobody knows by how much.
      return at(changed.getTime() > Date.now() + STALE ? ALWAYS_STALE : changed);
    }
  }
}
