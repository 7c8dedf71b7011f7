import { lstatSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { makeFolders } from './make-folders.js';
import { systemCode } from './system-code.js';

/** A folder that nobody else can put anything into. */
export interface TrustedFolder {
  readonly path: string;
  /** The folders down to it, to be verified; empty for one that the user has chosen. */
  readonly steps: readonly Step[];
}

export interface Step {
  readonly path: string;
  /** With what mode it is made if it is missing. */
  readonly mode: number;
  /** Whether livinglock alone has made it, for this user alone. */
  readonly isOurs: boolean;
}

export interface FileStatus {
  readonly kind: 'folder' | 'link' | 'other';
  readonly uid: number;
  /** The permissions alone. */
  readonly mode: number;
}

/** As much of a machine as decides whether a folder is to be trusted. The calls throw what `node:fs` throws. */
export interface Folders {
  /** The effective user; 0 on Windows, where it is not asked for. */
  readonly uid: number;
  stat(path: string): FileStatus;
  /** The same, of a symbolic link itself. */
  lstat(path: string): FileStatus;
  mkdir(path: string, mode: number): void;
}

export const systemFolders: Folders = {
  uid: process.geteuid?.() ?? 0,
  stat: (path) => statusFrom(statSync(path)),
  lstat: (path) => statusFrom(lstatSync(path)),
  mkdir: (path, mode) => mkdirSync(path, { mode }),
};

function statusFrom(stats: Stats): FileStatus {
  const kind = stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other';
  return { kind, uid: stats.uid, mode: stats.mode & 0o7777 };
}

/**
 * Makes the folder if it is missing, and verifies that it is ours: another user may have come first where all may write, and
 * would decide whether our jobs run. Throws an `Error` that says why it is not.
 */
export function makeTrustedFolder(folder: TrustedFolder, system: Folders = systemFolders): void {
  // A folder that the user has chosen may be shared with others, as the user likes.
  if (folder.steps.length === 0) makeFolders(folder.path, 0o700);
  for (const step of folder.steps) verify(step, statusOf(step, system) ?? make(step, system), system);
}

/** Verifies the folder as far as it is there, and makes nothing. */
export function verifyTrustedFolder(folder: TrustedFolder, system: Folders = systemFolders): void {
  for (const step of folder.steps) {
    const status = statusOf(step, system);
    if (status === null) return;
    verify(step, status, system);
  }
}

function statusOf({ path, isOurs }: Step, system: Folders): FileStatus | null {
  try {
    // A home folder, or what is in it, may be elsewhere by a link of its owner's.
    return isOurs ? system.lstat(path) : system.stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** What is there afterwards may be someone else's, who was faster. */
function make(step: Step, system: Folders): FileStatus {
  try {
    system.mkdir(step.path, step.mode);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  return step.isOurs ? system.lstat(step.path) : system.stat(step.path);
}

function verify({ path, isOurs }: Step, { kind, uid, mode }: FileStatus, system: Folders): void {
  if (kind === 'link') throw new Error(`${path} is a symbolic link`);
  if (kind !== 'folder') throw new Error(`${path} is not a folder`);
  const isTrusted = uid === system.uid || (uid === 0 && !isOurs);
  if (!isTrusted) throw new Error(`${path} belongs to another user (UID ${uid})`);
  // Above ours, a group may write: many systems give each user a group of their own, and let it write (umask 002).
  const isOpen = isOurs ? (mode & 0o022) !== 0 : (mode & 0o1002) === 0o002;
  if (isOpen) {
    const who = isOurs ? 'go' : 'o';
    throw new Error(
      `other users may write to ${path} (mode ${mode.toString(8).padStart(4, '0')}; chmod ${who}-w closes it)`,
    );
  }
}
