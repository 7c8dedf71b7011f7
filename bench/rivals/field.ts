import { kernelLock } from './kernel.js';
import { livinglock } from './livinglock.js';
import { npmLockfile } from './lockfile.js';
import { properLockfile, properLockfileSync } from './proper-lockfile.js';
import type { Rival } from './rival.js';

const HOUR = 3_600_000;

/** The shortest time after which proper-lockfile takes a lock from a holder, in milliseconds; it raises any shorter one to this. */
const SHORTEST_STALE = 2000;

/** What the others are compared with: what most users would pick instead. */
export const baseline: Rival = properLockfile();

/** With the settings of everyday, to see what a lock costs. */
export const field: readonly Rival[] = [
  livinglock,
  baseline,
  // By default it looks up each folder on the path, of which livinglock does nothing; this is without.
  properLockfile(', `realpath: false`', { realpath: false }),
  properLockfileSync,
  npmLockfile(HOUR),
  kernelLock,
];

/** Those that see whether a holder is alive. */
export const judgingByDeath: readonly Rival[] = [livinglock, kernelLock];

/** Those that see only how old a lock is, as impatient as they can be. */
export const judgingByAge: readonly Rival[] = [
  properLockfile('', { stale: SHORTEST_STALE }),
  npmLockfile(SHORTEST_STALE),
];
