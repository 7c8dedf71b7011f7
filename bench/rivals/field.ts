import { kernelLock } from './kernel.js';
import { livinglock } from './livinglock.js';
import { npmLockfile } from './lockfile.js';
import { properLockfile, properLockfileSync } from './proper-lockfile.js';
import type { Rival } from './rival.js';

const HOUR = 3_600_000;

/** The shortest time after which proper-lockfile takes a lock from a holder, in milliseconds; it raises shorter ones to this. */
const SHORTEST_STALE = 2000;

/** The others are compared with what most users would pick instead. */
export const baseline: Rival = properLockfile();

/** With everyday settings, to see what a lock costs. */
export const field: readonly Rival[] = [
  livinglock,
  baseline,
  // By default it looks up each folder on the path, which livinglock does not do; this one does not either.
  properLockfile(', `realpath: false`', { realpath: false }),
  properLockfileSync,
  npmLockfile(HOUR),
  kernelLock,
];

/** Locks that detect whether a holder is alive. */
export const judgingByDeath: readonly Rival[] = [livinglock, kernelLock];

/** Locks that only see their age, with the shortest timeout they allow. */
export const judgingByAge: readonly Rival[] = [
  properLockfile('', { stale: SHORTEST_STALE }),
  npmLockfile(SHORTEST_STALE),
];
