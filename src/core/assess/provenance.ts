import { type Clock, sharedTime } from '../../system/clock.js';
import {
  hostOrContainer,
  isBare,
  isOfSameKernel,
  isOfUnknownBoot,
  type ProcessIdentity,
} from '../../system/processes/process-identity.js';
import type { LockRecord } from '../record/record.js';
import type { Provenance } from '../store.js';

/** Two processes of one boot may differ by at most this many milliseconds in how they read its clock. */
const CLOCK_TOLERANCE = 1000;

/** What is known about the place where a record was found. */
export interface Place {
  /** The process that found it. */
  readonly self: ProcessIdentity;
  /** That process's clock. */
  readonly clock: Clock;
  /** Whether only processes of this machine can have written there. Asked only if that matters. */
  readonly isLocal: () => boolean;
}

/** Which process can have written a record that was found in a file, or in a database that is a file. */
export function provenanceOf(record: LockRecord, place: Place): Provenance {
  const { process: holder, timestamp } = record;
  if (hasSameBootId(holder, place.self)) return 'this-boot';
  if (!place.isLocal()) return 'unknown';
  if (isBare(holder) || (isOfUnknownBoot(holder, place.self) && isOnNamedHost(holder, place.self)))
    return 'this-machine';
  const isOfThisMachine = isContainer(holder) || isOnSameHost(holder, place.self);
  return isOfThisMachine && isOfOtherBoot(holder, place.self) && timestamp.getTime() <= bootedAt(place)
    ? 'earlier-boot'
    : 'unknown';
}

/**
 * The same for a record in a database. Machines that were started from one snapshot of a running machine have the same boot ID, and may all
 * use the database. There a boot ID identifies a machine only together with its host name.
 */
export function provenanceInDatabase({ process }: LockRecord, self: ProcessIdentity): Provenance {
  return hasSameBootId(process, self) && isOnSameHost(process, self) ? 'this-boot' : 'unknown';
}

/**
 * How old a record is, in milliseconds. Within one boot the monotonic clock tells, so that neither a wall clock that is set nor a
 * suspended laptop makes a healthy holder look stale. Otherwise the wall clock tells.
 */
export function ageOf(record: LockRecord, provenance: Provenance, place: Place, byWallClock: number): number {
  const now = sharedTime(place.clock);
  if (provenance === 'this-boot' && record.monotonic !== null && now !== null) {
    const age = now - record.monotonic;
    // In the future: a time namespace has its own clock.
    if (age >= -CLOCK_TOLERANCE) return Math.max(0, age);
  }
  // A lock that this machine released before its restart was released no later than the restart, even if its clock was wrong.
  const isReleasedBefore =
    record.hold !== null &&
    isOnSameHost(record.process, place.self) &&
    isOfOtherBoot(record.process, place.self) &&
    place.isLocal();
  return isReleasedBefore ? Math.max(byWallClock, sinceBoot(place)) : byWallClock;
}

/**
 * Whether a process that is still in a lock's guard was there before this machine was started.
 *
 * A guard is held for less than a millisecond, and its time comes from a clock that may have been wrong. So if the machine itself left
 * it there, outside containers, its host name is proof enough.
 *
 * @param at When the guard was made, by the wall clock at that time: milliseconds since 1970.
 */
export function wasInEarlierBoot(process: ProcessIdentity, at: number, place: Place): boolean {
  const isProven = isContainer(process)
    ? at < bootedAt(place)
    : !isContainer(place.self) && isOnNamedHost(process, place.self);
  return isProven && isOfOtherBoot(process, place.self) && place.isLocal();
}

/**
 * A different boot ID alone does not prove an earlier boot of this machine. An NFS server and the host of a virtual machine have
 * local folders in which processes of other kernels write, and systemd-nspawn and LXC give each container a boot ID of its own.
 * But other machines have other host names, and a record older than this boot cannot be of a process still running in it.
 */
function isOfOtherBoot(process: ProcessIdentity, self: ProcessIdentity): boolean {
  return process.bootId !== null && self.bootId !== null && !isOfSameKernel(process, self);
}

function isOnSameHost({ hostname }: ProcessIdentity, self: ProcessIdentity): boolean {
  return hostname !== null && hostname === self.hostname;
}

/** Host names of machines that were never given one. */
const NAMELESS = ['localhost', 'localhost.localdomain'];

/** Whether it is on this host, by a name that is not shared by all machines without one. */
export function isOnNamedHost(process: ProcessIdentity, self: ProcessIdentity): boolean {
  return isOnSameHost(process, self) && !NAMELESS.includes(process.hostname?.toLowerCase() ?? '');
}

/** A new container has a new host name. */
function isContainer(process: ProcessIdentity): boolean {
  return hostOrContainer(process) === 'container';
}

/** By the wall clock as it is now. */
function bootedAt(place: Place): number {
  return place.clock.now() - sinceBoot(place);
}

function sinceBoot({ clock }: Place): number {
  return clock.sinceBoot?.() ?? sharedTime(clock) ?? Number.POSITIVE_INFINITY;
}

/**
 * Whether a process that a record names may run on another machine although its PID seems to count here. Then the PID means nothing here.
 * Either it is on a clone of this machine: same boot ID, other host name, and the store does not vouch that it was this boot, as the file
 * store does. Or its boot is unknown, and the store does not vouch for the machine.
 */
export function mayBeElsewhere(
  process: ProcessIdentity,
  provenance: Provenance,
  self: ProcessIdentity,
): boolean {
  if (isOfUnknownBoot(process, self)) return provenance !== 'this-machine';
  return provenance !== 'this-boot' && hasSameBootId(process, self) && !isOnSameHost(process, self);
}

export function hasSameBootId({ bootId }: ProcessIdentity, self: ProcessIdentity): boolean {
  return bootId !== null && bootId === self.bootId;
}
