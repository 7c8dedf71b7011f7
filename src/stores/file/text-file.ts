import { constants } from 'node:fs';
import { systemCode } from '../../system/system-code.js';
import type { FileStatus, FileSystem } from './file-system.js';
import { removeIfThere } from './removal.js';

/** No lock file is longer; of a longer file only this much is read. */
export const MAX_BYTES = 64 * 1024;

/** A file, as it was at one moment, or its beginning if it is too long for a lock file. */
export interface Snapshot {
  readonly text: string;
  readonly status: FileStatus;
}

/**
 * Reads a small regular file, or gives `null` where there is none. Since every writer puts a whole new file in its place,
 * what was opened is one consistent state. Neither follows a symbolic link nor waits for the writer of a FIFO.
 */
export function readSnapshot(fs: FileSystem, path: string): Snapshot | null {
  // Windows has neither of the flags below; there the link has to be looked for first.
  if (constants.O_NOFOLLOW === undefined && fs.lstatSync(path)?.isSymbolicLink()) throw symbolicLink(path);
  const descriptor = openIfThere(fs, path);
  if (descriptor === null) return null;
  try {
    const status = fs.fstatSync(descriptor);
    refuseUnlessRegular(path, status);
    // Of what it makes up on demand, a file system may tell no size: /proc, and some of FUSE. It need not be empty.
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
 * Creates a file with this content under a name that nobody else uses. Leaves nothing behind when it fails, not even when
 * the answer to the creation was lost, as it may be over NFS.
 */
export function createFile(fs: FileSystem, path: string, text: string): void {
  try {
    const descriptor = createEmptyFile(fs, path);
    try {
      writeText(fs, descriptor, text);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    removeIfThere(fs, path);
    throw error;
  }
}

/**
 * Whether a file holds that text; `null`: whether there is no file. Tells whether a change that has failed was made after all, because
 * only its answer was lost. Where it cannot be read, it was not.
 */
export function reads(fs: FileSystem, path: string, text: string | null): boolean {
  try {
    return (readSnapshot(fs, path)?.text ?? null) === text;
  } catch {
    return false;
  }
}

/** Creates an empty file under a name that nobody else uses, which others may read, and gives its descriptor. */
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
      case 'EMLINK': // FreeBSD's word for it
        throw symbolicLink(path);
      case 'ENXIO':
        throw notAFile(path, 'ENXIO', 'it is a socket or a device');
      default:
        throw error;
    }
  }
}

/**
 * Throws for anything but a regular file. To be asked before opening, too: whoever waits for a reader of a FIFO would take this process for
 * one, and some devices do something when they are opened, such as a watchdog.
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

function notAFile(path: string, code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}, and a lock has to be a regular file`), {
    code,
    syscall: 'open',
    path,
  });
}
