import { identityFrom } from '../../core/record.js';
import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import { randomUuid } from '../../system/uuid.js';

// What stands in the guard's folder, and what beside it, by their names. Nothing under any other name is ever touched.

/** The owner of a guard. */
export interface GuardOwner {
  readonly identity: ProcessIdentity;
  readonly thread: number;
}

const SEPARATOR = ',';
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const OWNER = new RegExp(`^${UUID},[1-9]\\d{0,9},\\d{1,10}(?:,[^,]*){4}$`);
/** write-file-atomic puts the 32 bits of a hash behind the name of the file that it writes. */
const STAGED = new RegExp(`^${UUID}\\.record(?:\\.\\d{1,10})?$`);
const ENTRANCE = new RegExp(`^\\.${UUID}(\\.swept)?$`);

/** The path of a lock's guard. */
export function guardPath(path: string): string {
  return `${path}.guard`;
}

/** A folder in which a process makes ready to enter: another one each time. */
export function entrancePath(guard: string): string {
  return `${guard}.${randomUuid()}`;
}

/** What such a folder is renamed to before it is removed. */
export function condemnedPath(guard: string): string {
  return `${entrancePath(guard)}.swept`;
}

/** What the rest of a name means that begins with that of a guard. */
export function entranceKind(rest: string): 'entrance' | 'condemned' | null {
  const match = ENTRANCE.exec(rest);
  if (match === null) return null;
  return match[1] === undefined ? 'entrance' : 'condemned';
}

/**
 * The name of the owner's file says who the owner is, and is unique to one entry. In the name rather than in the file,
 * because a name is either there or not: nobody can be killed half-way through writing it.
 */
export function ownerName({ identity, thread }: GuardOwner): string {
  const { pid, started, bootId, pidNamespace, hostname } = identity;
  return [randomUuid(), pid, thread, started, bootId, pidNamespace, hostname && fitHostname(hostname)]
    .map((part) => encodeURIComponent(part ?? ''))
    .join(SEPARATOR);
}

/** Where the owner whose file has that name writes what it then moves to the lock's path. */
export function stagedName(owner: string): string {
  return `${owner.slice(0, owner.indexOf(SEPARATOR))}.record`;
}

/** Whether an owner has written the file to be moved. */
export function isStaged(name: string): boolean {
  return STAGED.test(name);
}

/** What an NFS client calls a file that was removed while a process of its machine had it open. */
export function isStillOpen(name: string): boolean {
  return /^\.nfs[0-9a-f]+$/i.test(name);
}

/** The owner whose file has that name, or `null` if none of ours can have made it. */
export function ownerFrom(name: string): GuardOwner | null {
  if (!OWNER.test(name)) return null;
  const parts = name.split(SEPARATOR).map(decode);
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

/** Whether two files are of one thread, whichever entry each belongs to. */
export function isOfSameThread(one: string, other: string): boolean {
  return one.slice(one.indexOf(SEPARATOR)) === other.slice(other.indexOf(SEPARATOR));
}

/**
 * 63 characters are the longest label of a host name (RFC 1035), and with as many bytes all together stays below the 255 of a
 * file's name. Letters that no such name should have take up to nine bytes each.
 */
function fitHostname(hostname: string): string {
  let fitting = '';
  for (const letter of hostname) {
    if (encodeURIComponent(fitting + letter).length > 63) break;
    fitting += letter;
  }
  return fitting;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
