import { constants } from 'node:fs';
import { attempt } from '../../system/attempt.js';
import { systemCode, systemError } from '../../system/system-code.js';
import type { FileStatus, FileSystem } from './file-system.js';

/** No lock file is longer; of a longer file only this much is read. */
export const MAX_BYTES = 64 * 1024;

/** A file, as it was at one moment, or its beginning if it is too long for a lock file. */
interface Snapshot {
  readonly text: string;
  readonly status: FileStatus;
}

/**
 * Reads a small regular file; `null` if it does not exist. Because every writer replaces the whole file,
 * the opened file is one consistent state. Neither follows a symbolic link nor waits for the writer of a FIFO.
 */
export function readSnapshot(fs: FileSystem, path: string): Snapshot | null {
  // Windows has neither of the flags below, so the link has to be checked first.
  if (constants.O_NOFOLLOW === undefined && fs.lstatSync(path)?.isSymbolicLink()) throw symbolicLink(path);
  const descriptor = openIfThere(fs, path);
  if (descriptor === null) return null;
  try {
    const status = fs.fstatSync(descriptor);
    refuseUnlessRegular(path, status);
    // For content generated on demand (/proc, some FUSE), a file system may report size 0. The file need not be empty.
    const buffer = Buffer.alloc(status.size === 0 ? MAX_BYTES : Math.min(status.size, MAX_BYTES));
    let length = 0;
    while (length < buffer.length) {
      const read = fs.readSync(descriptor, buffer.subarray(length));
      if (read === 0) break;
      length += read;
    }
    return { text: buffer.toString('utf8', 0, length), status };
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * Whether a file contains that text; for `null`, whether there is no file. Tells whether a change that failed was made after all, because
 * only its answer was lost. If the file cannot be read, the answer is no.
 */
export function reads(fs: FileSystem, path: string, text: string | null): boolean {
  return attempt(() => (readSnapshot(fs, path)?.text ?? null) === text, false);
}

/** Creates an empty file, readable by others, under a name that nobody else uses, and returns its descriptor. */
export function createEmptyFile(fs: FileSystem, path: string): number {
  return fs.openSync(path, 'wx', 0o644);
}

export function writeText(fs: FileSystem, descriptor: number, text: string): void {
  const data = Buffer.from(text);
  for (let written = 0; written < data.length; ) written += fs.writeSync(descriptor, data.subarray(written));
}

function openIfThere(fs: FileSystem, path: string): number | null {
  try {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer.
    return fs.openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    switch (systemCode(error)) {
      case 'ENOENT':
        return null;
      case 'ELOOP':
      case 'EMLINK': // on FreeBSD
        throw symbolicLink(path);
      case 'ENXIO':
        throw notAFile(path, 'ENXIO', 'it is a socket or a device');
      default:
        throw error;
    }
  }
}

/**
 * Throws for anything but a regular file. Must be called before opening, too: a process that waits for a reader of a FIFO would take this one for
 * it, and some devices, such as a watchdog, react to being opened.
 */
export function refuseUnlessRegular(path: string, status: FileStatus): void {
  if (status.isFile()) return;
  if (status.isSymbolicLink()) throw symbolicLink(path);
  if (status.isDirectory()) throw notAFile(path, 'EISDIR', 'it is a folder');
  if (status.isFIFO()) throw notAFile(path, 'EINVAL', 'it is a FIFO');
  throw notAFile(path, 'ENXIO', 'it is a socket or a device');
}

function symbolicLink(path: string): Error {
  return notAFile(path, 'ELOOP', 'it is a symbolic link');
}

function notAFile(path: string, code: string, reason: string): Error {
  return systemError(code, 'open', path, `${reason}, and a lock has to be a regular file`);
}
