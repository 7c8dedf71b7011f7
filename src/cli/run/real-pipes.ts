import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** Pipes to read a command's stdout and stderr from. */
export interface RealPipes {
  /** The ends to write to, for the command. */
  readonly descriptors: readonly [number, number];
  /** The ends to read from. To be called when the command has been started; our own ends to write to are closed then. */
  open(): [Readable, Readable];
}

/**
 * What Node calls a pipe between processes is a pair of sockets. To those `echo > /dev/stderr` fails with ENXIO (open(2)), and
 * who writes when nobody reads any more gets no SIGPIPE but an error. A command must not notice that somebody reads along, so
 * these are named pipes (fifo(7)), without their names. `null` where they cannot be had.
 */
export function makeRealPipes(): RealPipes | null {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), 'livinglock-'));
    const paths = [join(folder, 'stdout'), join(folder, 'stderr')] as const;
    if (spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore' }).status !== 0) return null;
    const stdout = openBothEnds(paths[0]);
    const stderr = openBothEnds(paths[1]);
    return {
      descriptors: [stdout.writing, stderr.writing],
      open: () => [stdout.open(), stderr.open()],
    };
  } catch {
    return null;
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function openBothEnds(path: string): { readonly writing: number; open(): Readable } {
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
