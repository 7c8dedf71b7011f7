import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { ProcessTable } from '../../processes/process-table.js';
import { type ProcessIdentity, parseRecord } from '../../record.js';
import type { FileSystem } from './file-system.js';
import { guardPath, ownerFrom } from './guard.js';
import { removeIfThere } from './removal.js';
import { readSnapshot } from './text-file.js';

/** The end of the name of a folder that is being swept. */
const CONDEMNED = '.swept';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A name under which a new lock file is written before it is linked to its path: another one each time. */
export function temporaryPath(path: string): string {
  return `${path}.${randomUUID()}.tmp`;
}

/**
 * Removes what killed processes have left beside a lock. To be called inside the guard.
 *
 * Nothing here can hurt a living process: a creator whose temporary file is gone, and an entrant of the guard whose
 * folder is gone, find that out in the very call that would have made them winners, and try again.
 */
export function sweepLitter(fs: FileSystem, processes: ProcessTable, path: string): void {
  for (const name of namesBeside(fs, path)) {
    const found = join(dirname(path), name);
    const suffix = name.slice(basename(path).length + 1);
    try {
      if (isTemporary(suffix)) sweepTemporary(fs, processes, found);
      else if (isEntrance(suffix)) sweepEntrance(fs, processes, found, path);
      else if (isCondemned(suffix)) removeFolder(fs, found);
      else if (isReplacement(suffix)) sweepReplacement(fs, processes, found);
    } catch {
      // Litter is no reason to fail; the next takeover tries again.
    }
  }
}

function namesBeside(fs: FileSystem, path: string): string[] {
  try {
    return fs.readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.`));
  } catch {
    return [];
  }
}

function isTemporary(suffix: string): boolean {
  return suffix.endsWith('.tmp') && UUID.test(suffix.slice(0, -'.tmp'.length));
}

function isEntrance(suffix: string): boolean {
  return suffix.startsWith('guard.') && UUID.test(suffix.slice('guard.'.length));
}

/** What a sweeper was about to remove, whoever it names. */
function isCondemned(suffix: string): boolean {
  return suffix.endsWith(CONDEMNED) && isEntrance(suffix.slice(0, -CONDEMNED.length));
}

/** write-file-atomic puts the 32 bits of a hash behind the name. */
function isReplacement(suffix: string): boolean {
  return /^\d{1,10}$/.test(suffix);
}

function sweepTemporary(fs: FileSystem, processes: ProcessTable, file: string): void {
  const snapshot = readSnapshot(fs, file);
  if (snapshot === null) return;
  const record = parseRecord(snapshot.text, new Date(0));
  if (isAbandoned(processes, record?.process ?? null)) fs.unlinkSync(file);
}

/**
 * Renamed first, because an owner may be about to rename the same folder to the guard, and must not do so half-swept. The
 * new name tells later sweepers that there is nothing left to judge, if this one is killed: by then the folder may name an
 * owner that lives on, and that has long gone in by another one.
 */
function sweepEntrance(fs: FileSystem, processes: ProcessTable, folder: string, path: string): void {
  const [name] = fs.readdirSync(folder);
  const owner = name === undefined ? null : (ownerFrom(name)?.identity ?? null);
  if (!isAbandoned(processes, owner)) return;
  const condemned = `${guardPath(path)}.${randomUUID()}${CONDEMNED}`;
  fs.renameSync(folder, condemned);
  removeFolder(fs, condemned);
}

function removeFolder(fs: FileSystem, folder: string): void {
  for (const file of fs.readdirSync(folder)) removeIfThere(fs, join(folder, file));
  fs.rmdirSync(folder);
}

/**
 * Only the guard's owner writes these, and that is the caller, so none of them is in use. But the digits might be a date, and
 * the file someone's own; or the number of a shard, and the file a lock that is held.
 */
function sweepReplacement(fs: FileSystem, processes: ProcessTable, file: string): void {
  const text = readSnapshot(fs, file)?.text;
  if (text !== '' && !text?.startsWith('{"process_id":')) return;
  const record = parseRecord(text, new Date(0));
  if (isAbandoned(processes, record?.process ?? null)) fs.unlinkSync(file);
}

/** Whoever was killed before saying who they are is not missed either: the living ones try again. */
function isAbandoned(processes: ProcessTable, owner: ProcessIdentity | null): boolean {
  return owner === null || processes.liveness(owner) === 'dead';
}
