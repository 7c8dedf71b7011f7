import { lstatSync, type Stats, statSync } from 'node:fs';
import { attempt } from '../attempt.js';
import { makeFolder, makeFolders } from './make-folders.js';

/** A folder that nobody else can write to. */
export interface TrustedFolder {
  readonly path: string;
  /** The folders on the way down to it, to be verified; empty for a folder that the user chose. */
  readonly steps: readonly FolderStep[];
}

export interface FolderStep {
  readonly path: string;
  /** The mode with which it is created if it is missing. */
  readonly mode: number;
  /** Whether only livinglock creates it, for this user alone. */
  readonly isOurs: boolean;
}

export interface FolderStatus {
  readonly kind: 'folder' | 'link' | 'other';
  readonly uid: number;
  /** The permission bits only. */
  readonly mode: number;
}

/** The part of a machine that decides whether a folder can be trusted. The calls throw what `node:fs` throws. */
export interface Folders {
  /** The effective user; 0 on Windows, where it is not asked for. */
  readonly uid: number;
  stat(path: string): FolderStatus;
  /** As `stat`, but for a symbolic link itself. */
  lstat(path: string): FolderStatus;
  mkdir(path: string, mode: number): void;
}

export const systemFolders: Folders = {
  uid: process.geteuid?.() ?? 0,
  stat: (path) => statusFrom(statSync(path)),
  lstat: (path) => statusFrom(lstatSync(path)),
  mkdir: (path, mode) => makeFolder(path, { mode }),
};

function statusFrom(stats: Stats): FolderStatus {
  const kind = stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other';
  return { kind, uid: stats.uid, mode: stats.mode & 0o7777 };
}

/**
 * Creates the folder if it is missing, and verifies that it is ours: where everyone may write, another user may have been first, and
 * would decide whether our jobs run. Throws an `Error` that says why it cannot be trusted.
 */
export function makeTrustedFolder(folder: TrustedFolder, system: Folders = systemFolders): void {
  // A folder that the user chose may be shared with others, if the user wants that.
  if (folder.steps.length === 0) makeFolders(folder.path, 0o700);
  for (const step of folder.steps) verify(step, statusOf(step, system) ?? make(step, system), system);
}

/** Verifies the folder as far as it exists, and creates nothing. */
export function verifyTrustedFolder(folder: TrustedFolder, system: Folders = systemFolders): void {
  for (const step of folder.steps) {
    const status = statusOf(step, system);
    if (status === null) return;
    verify(step, status, system);
  }
}

function statusOf(step: FolderStep, system: Folders): FolderStatus | null {
  return attempt(() => existing(step, system), null, ['ENOENT']);
}

/** A home folder, or a folder in it, may be a link made by its owner. */
function existing({ path, isOurs }: FolderStep, system: Folders): FolderStatus {
  return isOurs ? system.lstat(path) : system.stat(path);
}

/** Afterwards it may be the folder of someone else, who was faster. */
function make(step: FolderStep, system: Folders): FolderStatus {
  attempt(() => system.mkdir(step.path, step.mode), undefined, ['EEXIST']);
  return existing(step, system);
}

function verify({ path, isOurs }: FolderStep, { kind, uid, mode }: FolderStatus, system: Folders): void {
  if (kind === 'link') throw new Error(`${path} is a symbolic link`);
  if (kind !== 'folder') throw new Error(`${path} is not a folder`);
  const isTrusted = uid === system.uid || (uid === 0 && !isOurs);
  if (!isTrusted) throw new Error(`${path} belongs to another user (UID ${uid})`);
  // Above our folder, a group may write: many systems give each user their own group, and let it write (umask 002).
  const isOpen = isOurs ? (mode & 0o022) !== 0 : (mode & 0o1002) === 0o002;
  if (isOpen) {
    const who = isOurs ? 'go' : 'o';
    throw new Error(
      `other users may write to ${path} (mode ${mode.toString(8).padStart(4, '0')}; chmod ${who}-w prevents that)`,
    );
  }
}
