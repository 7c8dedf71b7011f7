import { identityFrom } from '../../../core/record/record.js';
import { attempt } from '../../../system/attempt.js';
import type { ProcessIdentity } from '../../../system/processes/process-identity.js';
import { randomUuid } from '../../../system/uuid.js';

// The names of everything in the guard's folder and beside it. Files with any other name are never touched.

/** The owner of a guard. */
export interface GuardOwner {
  readonly identity: ProcessIdentity;
  readonly thread: number;
}

const SEPARATOR = ',';
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const OWNER = new RegExp(`^${UUID},[1-9]\\d{0,9},\\d{1,10}(?:,[^,]*){4}$`);
/** write-file-atomic adds a 32-bit hash to the name of the file that it writes. */
const STAGED = new RegExp(`^${UUID}\\.record(?:\\.\\d{1,10})?$`);
const ENTRANCE = new RegExp(`^\\.${UUID}(\\.swept)?$`);

/** The number of a device or an inode: in base 36, because names have to stay short. */
const NUMBER = '[0-9a-z]{1,13}';
const GUARD_LIFE = new RegExp(`^${UUID}\\.${NUMBER}\\.life$`);
const LIFE = new RegExp(`^\\.life\\.[0-9a-f]{20}\\.(${NUMBER})\\.(${NUMBER})$`);
const LIFE_PATH = new RegExp(`\\.life\\.[0-9a-f]{20}\\.${NUMBER}\\.${NUMBER}$`);

/** The path of a lock's guard. */
export function guardPath(path: string): string {
  return `${path}.guard`;
}

/** A folder in which a process prepares to enter: another one each time. */
export function entrancePath(guard: string): string {
  return `${guard}.${randomUuid()}`;
}

/** The name that such a folder gets before it is removed. */
export function condemnedPath(guard: string): string {
  return `${entrancePath(guard)}.swept`;
}

/** What a name that begins with the guard's name means, judged by the rest. */
export function entranceKind(rest: string): 'entrance' | 'condemned' | null {
  const match = ENTRANCE.exec(rest);
  if (match === null) return null;
  return match[1] === undefined ? 'entrance' : 'condemned';
}

/**
 * The name of the owner's file says who the owner is, and is unique to one entry. It is the name and not the content,
 * because a name either exists or does not: nobody can be killed half-way through writing it.
 */
export function ownerName({ identity, thread }: GuardOwner): string {
  const { pid, started, bootId, pidNamespace, hostname } = identity;
  return [randomUuid(), pid, thread, started, bootId, pidNamespace, hostname && fitHostname(hostname)]
    .map((part) => encodeURIComponent(part ?? ''))
    .join(SEPARATOR);
}

/** Where the owner with that file name writes what it then moves to the lock's path. */
export function stagedName(owner: string): string {
  return `${owner.slice(0, owner.indexOf(SEPARATOR))}.record`;
}

/** The name of the sign of life of the owner with that file name, on that device. */
export function guardLifeName(owner: string, device: number): string {
  return `${owner.slice(0, owner.indexOf(SEPARATOR))}.${device.toString(36)}.life`;
}

/** Whether it is an owner's sign of life. */
export function isGuardLife(name: string): boolean {
  return GUARD_LIFE.test(name);
}

/** How the path of the sign of life of the holder with that token begins. `null` if its token is not one of ours. */
export function lifePrefix(lock: string, token: string): string | null {
  const [, uuid] = new RegExp(`^(${UUID})(?:\\.|$)`).exec(token) ?? [];
  // As much as leaves the whole name as short as the longest in which a process prepares to enter the guard.
  return uuid === undefined ? null : `${lock}.life.${uuid.replaceAll('-', '').slice(0, 20)}`;
}

/** Which file a sign of life is. A copy is another one, at which nobody listens. */
export interface FileNumbers {
  readonly dev: number;
  readonly ino: number;
}

export function lifePath(prefix: string, { dev, ino }: FileNumbers): string {
  return `${prefix}.${dev.toString(36)}.${ino.toString(36)}`;
}

/** The file numbers in the name of a holder's sign of life, given what follows the lock's name. `null` for any other name. */
export function lifeFrom(rest: string): FileNumbers | null {
  const [, dev, ino] = LIFE.exec(rest) ?? [];
  return dev === undefined || ino === undefined
    ? null
    : { dev: Number.parseInt(dev, 36), ino: Number.parseInt(ino, 36) };
}

/** Whether a path is that of a holder's sign of life. */
export function isLifePath(path: string): boolean {
  return LIFE_PATH.test(path);
}

/** Whether it is a file that an owner has written in order to move it. */
export function isStaged(name: string): boolean {
  return STAGED.test(name);
}

/** The name that an NFS client gives to a file that was removed while a process of its machine had it open. */
export function isStillOpen(name: string): boolean {
  return /^\.nfs[0-9a-f]+$/i.test(name);
}

/** The owner whose file has that name, or `null` if livinglock cannot have created it. */
export function ownerFrom(name: string): GuardOwner | null {
  if (!OWNER.test(name)) return null;
  const parts = name.split(SEPARATOR).map((part) => attempt(() => decodeURIComponent(part), ''));
  // In any other spelling it is somebody else's, even if it says the same.
  if (parts.map(encodeURIComponent).join(SEPARATOR) !== name) return null;
  const [, pid, thread, ...rest] = parts;
  const [started, bootId, pidNamespace, hostname] = rest.map((part) => part || null);
  const identity = identityFrom({
    pid: Number(pid),
    hostname,
    boot_id: bootId,
    pid_namespace: pidNamespace,
    started,
  });
  return identity === null ? null : { identity, thread: Number(thread) };
}

/** Whether two files belong to one thread, whichever entry each is from. */
export function isOfSameThread(one: string, other: string): boolean {
  return one.slice(one.indexOf(SEPARATOR)) === other.slice(other.indexOf(SEPARATOR));
}

/**
 * 63 characters are the longest label of a host name (RFC 1035). With that many bytes the whole name stays below the 255 bytes of a
 * file name. Letters that should not be in such a name take up to nine bytes each.
 */
function fitHostname(hostname: string): string {
  let fitting = '';
  for (const letter of hostname) {
    if (encodeURIComponent(fitting + letter).length > 63) break;
    fitting += letter;
  }
  return fitting;
}
