import type { Breakage } from './breakage.js';
import { endlessGuard } from './endless-guard.js';
import { followedLink } from './followed-link.js';
import { claimsBeforeItKeeps, claimsBeforeItListens } from './late-sign.js';
import { namelessTheft } from './nameless-theft.js';
import { noGuard } from './no-guard.js';
import { openAndWrite } from './open-and-write.js';
import { plainProperLockfile } from './plain-proper-lockfile.js';
import { stagedBeside } from './staged-beside.js';
import { staleGuard } from './stale-guard.js';
import { sweptNeighbours } from './swept-neighbours.js';
import { uncheckedRemove } from './unchecked-remove.js';
import { unguardedCreation } from './unguarded-creation.js';
import { unreadContent } from './unread-content.js';

const breakages: ReadonlyMap<string, Breakage> = new Map([
  ['plain-proper-lockfile', plainProperLockfile],
  ['open-and-write', openAndWrite],
  ['unguarded-creation', unguardedCreation],
  ['unchecked-remove', uncheckedRemove],
  ['no-guard', noGuard],
  ['nameless-theft', namelessTheft],
  ['stale-guard', staleGuard],
  ['followed-link', followedLink],
  ['swept-neighbours', sweptNeighbours],
  ['staged-beside', stagedBeside],
  ['unread-content', unreadContent],
  ['endless-guard', endlessGuard],
  ['claims-before-it-listens', claimsBeforeItListens],
  ['claims-before-it-keeps', claimsBeforeItKeeps],
]);

export const BREAKAGES: readonly string[] = [...breakages.keys()];

/** `undefined` if nothing is broken. */
export function breakageOf(name: string): Breakage | undefined {
  return breakages.get(name);
}
