import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** A pipe to read from what a command writes. */
export interface RealPipe {
  /** The end to write to, for the command. */
  readonly writing: number;
  /** The end to read from. To be called when the command has been started; our own end to write to is closed then. */
  open(): Readable;
}

/**
 * What Node calls a pipe between processes is a pair of sockets. To those `echo > /dev/stderr` fails with ENXIO (open(2)), and
 * who writes when nobody reads any more gets no SIGPIPE but an error. A command must not notice that somebody reads along, so
 * these are named pipes (fifo(7)), without their names. `null` where they cannot be had.
 */
export function makeRealPipes(count: number): RealPipe[] | null {
  if (count === 0) return [];
  if (process.platform === 'win32') return null;
  let folder = '';
  try {
    folder = mkdtempSync(join(tmpdir(), 'livinglock-'));
    const paths = Array.from({ length: count }, (_, index) => join(folder, `pipe-${index}`));
    if (spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore' }).status !== 0) return null;
    return paths.map(openBothEnds);
  } catch {
    return null;
  } finally {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  }
}

function openBothEnds(path: string): RealPipe {
  // To read first, without waiting for a writer; then to write, for which there has to be a reader.
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
