import type { Breakage } from './breakage.js';
import { namelessTheft } from './nameless-theft.js';
import { noGuard } from './no-guard.js';
import { openAndWrite } from './open-and-write.js';
import { plainProperLockfile } from './plain-proper-lockfile.js';
import { staleGuard } from './stale-guard.js';
import { uncheckedRemove } from './unchecked-remove.js';
import { unguardedCreation } from './unguarded-creation.js';

const breakages: ReadonlyMap<string, Breakage> = new Map([
  ['plain-proper-lockfile', plainProperLockfile],
  ['open-and-write', openAndWrite],
  ['unguarded-creation', unguardedCreation],
  ['unchecked-remove', uncheckedRemove],
  ['no-guard', noGuard],
  ['nameless-theft', namelessTheft],
  ['stale-guard', staleGuard],
]);

export const BREAKAGES: readonly string[] = [...breakages.keys()];

/** `undefined` where nothing is broken. */
export function breakageOf(name: string): Breakage | undefined {
  return breakages.get(name);
}
