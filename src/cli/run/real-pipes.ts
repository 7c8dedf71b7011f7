import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

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
  let folder = '';
  try {
    folder = mkdtempSync(join(parent, 'livinglock-'));
    const paths = Array.from({ length: count }, (_, index) => join(folder, `pipe-${index}`));
    const PATH = [...PROGRAMS, process.env['PATH'] ?? []].flat().join(':');
    if (spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore', env: { PATH } }).status !== 0)
      return null;
    return paths.map(openBothEnds);
  } catch {
    return null;
  } finally {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  }
}

function openBothEnds(path: string): RealPipe {
  // The read end first, without waiting for a writer; then the write end, which needs a reader.
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, constants.O_WRONLY);
  return {
    writing,
    open() {
      closeSync(writing);
      return new Socket({ fd: reading, readable: true, writable: false });
    },
  };
}
