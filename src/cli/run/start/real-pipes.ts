import { spawnSync } from 'node:child_process';
import { closeSync, constants, fstatSync, mkdtempSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { attempt } from '../../../system/attempt.js';
import { isOwn } from '../../../system/files/is-own-file.js';
import { removeFolder } from './remove-folder.js';

/** A pipe for reading a command's output. */
export interface RealPipe {
  /** The write end, for the command. */
  readonly writing: number;
  /** Returns the read end. Must be called once the command has been started; closes our own copy of the write end. */
  open(): Readable;
}

/** Where the names may be for a moment, too: `TMPDIR` may be set to anything, and only the last may be writable in a container that is read-only. */
const FOLDERS = ['/tmp', '/dev/shm'];
/** Where `mkfifo` is: the command's own `PATH` may lead anywhere. */
const PROGRAMS = ['/usr/bin', '/bin'];
const { O_RDONLY, O_WRONLY, O_NONBLOCK, O_NOFOLLOW = 0 } = constants;

/**
 * What Node calls a pipe between processes is a pair of sockets. With those, `echo > /dev/stderr` fails with ENXIO (open(2)), and
 * a writer without a reader gets an error instead of SIGPIPE. A command must not notice that its output is read, so
 * these are named pipes (fifo(7)) whose names are removed at once. `null` if they cannot be made.
 */
export function makeRealPipes(count: number): RealPipe[] | null {
  if (count === 0) return [];
  if (process.platform === 'win32') return null;
  for (const parent of new Set([tmpdir(), ...FOLDERS])) {
    const pipes = makeIn(parent, count);
    if (pipes !== null) return pipes;
  }
  return null;
}

function makeIn(parent: string, count: number): RealPipe[] | null {
  const folder = attempt(() => mkdtempSync(join(parent, 'livinglock-')), null);
  if (folder === null) return null;
  const paths = Array.from({ length: count }, (_, index) => join(folder, `pipe-${index}`));
  const PATH = [...PROGRAMS, process.env['PATH'] ?? []].flat().join(':');
  const pipes = attempt(() => {
    // Not `ignore`, which needs /dev/null.
    const { status } = spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: 'pipe', env: { PATH } });
    return status === 0 ? paths.map(openBothEnds) : null;
  }, null);
  removeFolder(folder, paths);
  return pipes;
}

function openBothEnds(path: string): RealPipe {
  // The read end first, without waiting for a writer; then the write end, which needs a reader.
  const reading = openPipe(path, O_RDONLY | O_NONBLOCK);
  const writing = openPipe(path, O_WRONLY);
  // Made now, not in `open`: it may fail, and by then the command would be running unwatched.
  const source = new Socket({ fd: reading, readable: true, writable: false });
  return {
    writing,
    open() {
      closeSync(writing);
      return source;
    },
  };
}

/** `TMPDIR` may be in the hands of another user, who can put a file of this user in the place of a pipe: what the command writes must not end up there. */
function openPipe(path: string, flags: number): number {
  const descriptor = openSync(path, flags | O_NOFOLLOW);
  const status = fstatSync(descriptor);
  if (status.isFIFO() && isOwn(status)) return descriptor;
  closeSync(descriptor);
  throw new Error(`${path} is not a pipe of this user`);
}
