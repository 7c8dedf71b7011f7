import fs from 'node:fs';
import { OTHERS_MAY_WRITE, systemFileSystem } from '../stores/file/file-system.js';
import type { GuardSection } from '../stores/file/guard/guard-types.js';
import { writeText } from '../stores/file/regular-file.js';
import { attempt } from '../system/attempt.js';

// A journal as a file: opened only if it is a regular file of ours, read from its end, and changed in the guard only.

/** Others may not even read it: a command line may contain a password. */
const MODE = 0o600;
/** The first line has the name of a lock in it, and paths have at most 4,096 bytes, each of which may become six in JSON. */
const MAX_HEADER = 32 * 1024;
const USUAL_HEADER = 512;
const PIECE = 64 * 1024;
/** Of a longer journal, which is not one that this package has left, only the end is read. */
export const MAX_BYTES = 16 * 1024 * 1024;
const { O_RDONLY, O_RDWR, O_APPEND, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;

/** Text from a journal. */
export interface JournalText {
  readonly header: string;
  /** What follows the first line; of a longer file the end, without the line that was cut. */
  readonly text: string;
  /** Whether the file ends within the first line. */
  readonly isTorn: boolean;
  /** Whether it is less than all. */
  readonly isCut: boolean;
}

/**
 * `null` if there is no file, or an empty one, or one of nothing but zero bytes, which a power cut may leave behind.
 *
 * @param maxBytes How much to read of what follows the first line. Default: nothing.
 */
export function readJournal(path: string, maxBytes = 0): JournalText | null {
  return withFile(path, O_RDONLY, (descriptor) => {
    const { size } = fs.fstatSync(descriptor);
    if (size === 0) return null;
    const { header, isTorn } = headerOf(descriptor);
    if (header.startsWith('\0') && size <= MAX_BYTES && isZero(descriptor, size)) return null;
    const begin = Math.max(Buffer.byteLength(header) + 1, size - maxBytes);
    const isCut = begin > Buffer.byteLength(header) + 1;
    const text = textFrom(descriptor, begin, size);
    return { header, isTorn, isCut, text: isCut ? text.slice(text.indexOf('\n') + 1) : text };
  });
}

/**
 * Appends lines, all of them or none. Must be called in the guard.
 *
 * It is one write in append mode: the kernel finds the end of the file and writes there while no other write to that file is carried out (write(2)),
 * so that readers, who are in no guard, see lines only in part while the last one is being copied, and ignore a last line without a line
 * break. Returns the new size.
 */
export function appendTo(path: string, lines: string): number | null {
  return withFile(path, O_RDWR | O_APPEND, (descriptor) => {
    const { size } = fs.fstatSync(descriptor);
    // A power cut may have left part of a line.
    const text = endsLine(descriptor, size) ? lines : `\n${lines}`;
    try {
      writeText(systemFileSystem, descriptor, text);
      return size + Buffer.byteLength(text);
    } catch (error) {
      // The disk was full after the first bytes. In the guard nobody else has appended.
      fs.ftruncateSync(descriptor, size);
      throw error;
    }
  });
}

/** Replaces the file, or creates it: whatever happens half-way, it is either the old or the new one. */
export function replaceJournal(path: string, text: string, stay: GuardSection): void {
  stay.reserve((staged) => {
    create(staged, text);
    systemFileSystem.renameSync(staged, path);
  });
}

/** Not flushed to disk: on a slow one, that would keep everyone else out of the guard. A power cut costs the history, not a job. */
function create(path: string, text: string): void {
  const descriptor = systemFileSystem.openSync(path, 'wx', MODE);
  try {
    // Whatever the umask of this run is, later ones must be able to read it.
    fs.fchmodSync(descriptor, MODE);
    writeText(systemFileSystem, descriptor, text);
    if (fs.fstatSync(descriptor).size !== Buffer.byteLength(text))
      throw new Error('it was only partly written');
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Follows no link, and waits for no FIFO. */
function withFile<T>(path: string, flags: number, use: (descriptor: number) => T): T | null {
  // Before it is opened, because opening some devices does something, and a process that waits for the reader of a FIFO would take this for one.
  const there = fs.lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return null;
  refuseUnlessOurs(there);
  // It may be removed meanwhile.
  const descriptor = attempt(() => fs.openSync(path, flags | O_NOFOLLOW | O_NONBLOCK), null, ['ENOENT']);
  if (descriptor === null) return null;
  try {
    refuseUnlessOurs(fs.fstatSync(descriptor));
    return use(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function refuseUnlessOurs(status: fs.Stats): void {
  if (status.isSymbolicLink()) throw new Error('it is a symbolic link');
  if (!status.isFile()) throw new Error('it is not a regular file');
  // Some other file of the user could be given that name.
  if (status.nlink > 1) throw new Error('it has a second name (a hard link)');
  const self = process.geteuid?.();
  if (self === undefined) return;
  if (status.uid !== self) throw new Error(`it belongs to another user (UID ${status.uid})`);
  if ((status.mode & OTHERS_MAY_WRITE) !== 0)
    throw new Error('other users may write to it; chmod go-w prevents that');
}

function headerOf(descriptor: number, length = USUAL_HEADER): Pick<JournalText, 'header' | 'isTorn'> {
  const text = textFrom(descriptor, 0, length);
  const end = text.indexOf('\n');
  if (end === -1 && length < MAX_HEADER) return headerOf(descriptor, MAX_HEADER);
  return end === -1 ? { header: text, isTorn: true } : { header: text.slice(0, end), isTorn: false };
}

function isZero(descriptor: number, size: number): boolean {
  for (let at = 0; at < size; at += PIECE) {
    if (!/^\0+$/.test(textFrom(descriptor, at, Math.min(at + PIECE, size)))) return false;
  }
  return true;
}

function textFrom(descriptor: number, begin: number, end: number): string {
  const buffer = Buffer.alloc(Math.max(0, end - begin));
  let length = 0;
  while (length < buffer.length) {
    const read = fs.readSync(descriptor, buffer, length, buffer.length - length, begin + length);
    if (read === 0) break;
    length += read;
  }
  return buffer.toString('utf8', 0, length);
}

function endsLine(descriptor: number, size: number): boolean {
  return size === 0 || textFrom(descriptor, size - 1, size) === '\n';
}
