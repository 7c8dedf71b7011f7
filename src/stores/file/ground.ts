import { lstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';

const STICKY = 0o1000;
const OTHERS_MAY_WRITE = 0o022;
const ROOT = 0;

/** Folders above which everything is closed to others. Asked once: only root and this user could change that. */
const closedAbove = new Set<string>();

/**
 * Whether only this user and root can put something else in the place of what this user makes in a folder, or in the place of the folder
 * itself or of one above it. Elsewhere whoever can may do so between any two calls, so that a path leads to another file than before.
 */
export function isClosedToOthers(folder: string): boolean {
  return isClosed(folder) && areClosedAbove(folder);
}

function areClosedAbove(folder: string): boolean {
  if (closedAbove.has(folder)) return true;
  const above = dirname(folder);
  if (above !== folder && !(isClosed(above) && areClosedAbove(above))) return false;
  closedAbove.add(folder);
  return true;
}

/** In a sticky folder only the owner of a file can move it. */
function isClosed(folder: string): boolean {
  const status = statusOf(folder);
  if (!status?.isDirectory()) return false;
  const { uid, mode } = status;
  const isTrusted = uid === ROOT || uid === process.geteuid?.();
  return isTrusted && ((mode & OTHERS_MAY_WRITE) === 0 || (mode & STICKY) !== 0);
}

function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
