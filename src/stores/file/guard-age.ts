import type { OpenFolder } from './file-system.js';
import { type GuardOwner, isOfSameThread, ownerFrom } from './guard-names.js';
import type { Surroundings } from './surroundings.js';

/**
 * After this many milliseconds a guard is taken from an owner about which nothing is known: on another machine, or in
 * another PID namespace. It is never taken from an owner that is known to be alive, and at once from a dead one.
 */
export const STALE = 30_000;

/**
 * Modification times that always count as stale, or never, whatever the time is. The present would not do for the latter: a process that is paused or
 * suspended between answering with it and comparing it with the clock would find it stale, and rob a living owner.
 */
const ALWAYS_STALE = new Date(0);
export const NEVER_STALE = new Date(8.64e15);

/** How long ago a guard was last touched, as far as that may count. */
interface Age {
  readonly time: Date;
  /** The owner that determines it. */
  readonly owner: GuardOwner | null;
}

/**
 * There is one owner, unless somebody has copied a guard into another.
 *
 * @param entrant The name of the process that wants to enter.
 */
export function ageOf(
  owners: readonly string[],
  folder: OpenFolder,
  entrant: string,
  surroundings: Surroundings,
): Age {
  let age: Age = { time: ALWAYS_STALE, owner: null };
  for (const name of owners) {
    const owner = ownerFrom(name);
    const time = timeOf(name, owner, folder, entrant, surroundings);
    if (time >= age.time) age = { time, owner };
  }
  return age;
}

function timeOf(
  name: string,
  owner: GuardOwner | null,
  folder: OpenFolder,
  entrant: string,
  { processes, isOfEarlierBoot }: Surroundings,
): Date {
  // Sections of one thread never overlap: if it finds its own guard, that is a leftover that it could not remove.
  if (owner === null || isOfSameThread(name, entrant)) return ALWAYS_STALE;
  switch (processes.liveness(owner.identity)) {
    case 'dead':
      return ALWAYS_STALE;
    case 'alive':
      return NEVER_STALE;
    case 'unknown': {
      const changed = new Date(folder.status.mtimeMs);
      // In the future: the clock was set back since, and nobody knows by how much.
      const isWrong = changed.getTime() > Date.now() + STALE;
      return isWrong || isOfEarlierBoot(owner.identity, folder) ? ALWAYS_STALE : changed;
    }
  }
}
