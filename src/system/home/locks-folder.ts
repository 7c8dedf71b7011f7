import { isAbsolute, join, resolve } from 'node:path';
import { attempt } from '../attempt.js';
import type { FolderStep, TrustedFolder } from '../files/trusted-folder.js';
import { messageOf } from '../message-of.js';
import { findHome, isClosedToAll } from './home-folder.js';
import { machineId } from './machine-id.js';
import type { UserEnvironment } from './user-environment.js';

/** Folders in which every user may create a folder. The first one is in memory, and systemd gives no unit a private one. */
const SHARED = ['/run/lock', '/var/tmp', '/tmp'];

/**
 * Where named locks are stored: a folder that belongs to this user on this machine, and is **the same from everywhere**. It depends
 * only on the user, the user database, and the owners and modes of folders. It depends neither on the environment, which differs
 * between cron, systemd and a terminal (`$HOME`, `$TMPDIR`, `$XDG_RUNTIME_DIR`), nor on what is writable right now.
 *
 * `$LIVINGLOCK_DIR`, if set, overrides all of this. See `docs/named-locks.md`.
 *
 * Throws an `Error` that says why the folder is not known. What to do about it is up to the caller.
 */
export function locksFolder(system: UserEnvironment): TrustedFolder {
  const { LIVINGLOCK_DIR } = system.environment;
  if (LIVINGLOCK_DIR) return chosenFolder('LIVINGLOCK_DIR', LIVINGLOCK_DIR);
  try {
    if (system.platform === 'win32') return { path: onWindows(system), steps: [] };
    if (system.uid === 0 && system.platform !== 'darwin') return ofRoot(system);
    const home = findHome(system);
    if (home.is === 'hidden') throw new Undecided(home.reason);
    return home.is === 'usable' ? inHome(home.path, system) : inSharedFolder(system);
  } catch (error) {
    throw error instanceof Undecided || error instanceof NoFolder ? error : new Undecided(messageOf(error));
  }
}

/** A folder named by a variable. A relative one would be another folder in each working folder, so that runs would not see each other. */
export function chosenFolder(variable: string, path: string): TrustedFolder {
  if (isAbsolute(path)) return { path: resolve(path), steps: [] };
  throw new Error(`${variable} is ${path}, which is not a full path. cron expands neither ~ nor $HOME in it`);
}

class Undecided extends Error {
  constructor(reason: string) {
    super(`Cannot tell which folder of named locks your other runs use: ${reason}`);
  }
}

class NoFolder extends Error {
  constructor(uid: number) {
    super(
      `There is no folder for named locks: UID ${uid} has no home folder to write to, and none of ${SHARED.join(', ')} is open to all users (mode 1777)`,
    );
  }
}

function onWindows({ environment, home }: UserEnvironment): string {
  return join(environment['LOCALAPPDATA'] ?? join(home() ?? '', 'AppData', 'Local'), 'livinglock');
}

function ofRoot({ platform }: UserEnvironment): TrustedFolder {
  const run = platform === 'linux' ? '/run' : '/var/run';
  return folder([above(run, 0o755), ours(join(run, 'livinglock'))]);
}

function inHome(home: string, system: UserEnvironment): TrustedFolder {
  const names = system.platform === 'darwin' ? ['Library', 'Application Support'] : ['.local', 'state'];
  const [first, second] = [join(home, ...names.slice(0, 1)), join(home, ...names)];
  const livinglock = join(second, 'livinglock');
  return folder([
    above(home),
    above(first),
    above(second),
    ours(livinglock),
    ours(join(livinglock, machineId(system))),
  ]);
}

function inSharedFolder(system: UserEnvironment): TrustedFolder {
  const shared = SHARED.find((path) => isShared(path, system));
  if (shared === undefined) throw new NoFolder(system.uid);
  if (isPrivate(shared, system)) throw new Undecided(`${shared} is private here (systemd's PrivateTmp=yes)`);
  return folder([above(shared), ours(join(shared, `livinglock-${system.uid}`))]);
}

/** World-writable and sticky: a user can create entries there that others cannot replace. */
function isShared(path: string, system: UserEnvironment): boolean {
  const status = attempt(() => system.stat(path), null);
  if (status === null) return false;
  if (isClosedToAll(status))
    throw new Undecided(`${path} is closed here, as by systemd's InaccessiblePaths=`);
  return status.kind === 'folder' && (status.mode & 0o1002) === 0o1002;
}

/** From proc_pid_mountinfo(5): the fourth field is the mounted root, the fifth is the mount point. */
function isPrivate(path: string, system: UserEnvironment): boolean {
  if (system.platform !== 'linux') return false;
  const mounts = attempt(() => system.read('/proc/self/mountinfo'), '').split('\n');
  return mounts.some((mount) => {
    const [, , , root = '', point] = mount.split(' ');
    return point === path && /\/systemd-private-[^/]+\/tmp$/.test(root);
  });
}

export function folder(steps: readonly FolderStep[]): TrustedFolder {
  return { path: steps.at(-1)?.path ?? '', steps };
}

export function above(path: string, mode = 0o700): FolderStep {
  return { path, mode, isOurs: false };
}

export function ours(path: string): FolderStep {
  return { path, mode: 0o700, isOurs: true };
}
