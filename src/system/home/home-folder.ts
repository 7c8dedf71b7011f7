import { dirname, isAbsolute, resolve } from 'node:path';
import type { FolderStatus } from '../files/trusted-folder.js';
import { systemCode } from '../system-code.js';
import type { UserEnvironment } from './user-environment.js';

/** Paths that systemd's `ProtectHome=tmpfs` covers with an empty file system (systemd.exec(5)). */
const PROTECTED = /^\/(?:home|root|run\/user)(?:\/|$)/;
/** Magic numbers of statfs(2). */
const TMPFS = 0x01021994;
const AUTOFS = 0x0187;

export type Home =
  | { readonly is: 'usable'; readonly path: string }
  /** The user has no home folder, or cannot write to it, however a process is started. */
  | { readonly is: 'none' }
  /** There may be one that other processes can see and this one cannot. */
  | { readonly is: 'hidden'; readonly reason: string };

/**
 * The user's home folder. Judged by its owner and mode, not by trying to write: it may be read-only in a hardened systemd unit,
 * and a run there must fail rather than take a different lock than everyone else.
 */
export function findHome(system: UserEnvironment): Home {
  const path = system.home();
  if (path === null || !isAbsolute(path) || resolve(path) === '/') return { is: 'none' };
  const nearest = nearestTo(resolve(path), system);
  const { status } = nearest;
  const isWritable = status.kind === 'folder' && status.uid === system.uid && (status.mode & 0o300) === 0o300;
  if (nearest.path === resolve(path) && isWritable) return { is: 'usable', path };
  const reason = whyHidden(nearest, system);
  return reason === null
    ? { is: 'none' }
    : { is: 'hidden', reason: `your home folder ${path} cannot be seen from here: ${reason}` };
}

/** Whether something covers a folder for this process alone: nobody else makes folders with that mode. */
export function isClosedToAll({ mode }: FolderStatus): boolean {
  return (mode & 0o777) === 0;
}

interface Nearest {
  readonly path: string;
  readonly status: FolderStatus;
  /** Whether looking inside was forbidden, rather than finding nothing. */
  readonly isDenied: boolean;
}

/** The path itself if it exists, else its nearest existing parent. */
function nearestTo(path: string, system: UserEnvironment): Nearest {
  let isDenied = false;
  for (let each = path; ; each = dirname(each)) {
    try {
      return { path: each, status: system.stat(each), isDenied };
    } catch (error) {
      const code = systemCode(error);
      const isAway = code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES';
      if (!isAway || each === dirname(each)) throw error;
      isDenied ||= code === 'EACCES';
    }
  }
}

function whyHidden({ path, status, isDenied }: Nearest, system: UserEnvironment): string | null {
  if (isClosedToAll(status)) return `${path} is closed, as by systemd's ProtectHome=yes`;
  // What the mode forbids is forbidden to all of the user's processes. A denial despite the mode comes from other rules.
  const maySearch = status.uid === system.uid || (status.mode & 0o001) !== 0;
  if (isDenied && maySearch) return `access to what is in ${path} is denied`;
  if (system.platform !== 'linux') return null;
  switch (system.fileSystemType(path)) {
    case TMPFS:
      return PROTECTED.test(path) ? `${path} is a tmpfs, as by systemd's ProtectHome=tmpfs` : null;
    case AUTOFS:
      return `${path} is mounted on demand, and the mount failed`;
    default:
      return null;
  }
}
