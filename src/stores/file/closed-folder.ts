import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { attempt } from '../../system/attempt.js';
import { OTHERS_MAY_WRITE } from './file-system.js';

const STICKY = 0o1000;
const ROOT = 0;

/** How long an answer stays valid, in milliseconds: asking twice in one short job would take a fortieth of the lock's time. */
const VALIDITY = 1000;
let latest = { folder: '', at: Number.NEGATIVE_INFINITY };

/** Folders above which everything is closed to others. Checked once: only root and this user could change that. */
const closedAbove = new Set<string>();

/**
 * Whether only this user and root can replace what this user creates in a folder, the folder
 * itself, or a folder above it. Otherwise others may do so between any two calls, so that a path leads to another file than before.
 */
export function isClosedToOthers(folder: string): boolean {
  const now = performance.now();
  if (folder === latest.folder && now - latest.at < VALIDITY) return true;
  if (!isClosed(folder) || !areClosedAbove(folder)) return false;
  latest = { folder, at: now };
  return true;
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
  const status = attempt(() => lstatSync(folder, { throwIfNoEntry: false }), undefined);
  if (!status?.isDirectory()) return false;
  const { uid, mode } = status;
  const isTrusted = uid === ROOT || uid === process.geteuid?.();
  return isTrusted && ((mode & OTHERS_MAY_WRITE) === 0 || (mode & STICKY) !== 0);
}
