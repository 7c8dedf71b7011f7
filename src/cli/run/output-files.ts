import { fstatSync, readFileSync } from 'node:fs';
import { aroundMessages } from '../terminal/messages.js';

/** The descriptors of stdout and stderr. */
export const OUTPUTS: readonly number[] = [1, 2];

/** Whether this process can see that a command writes to this descriptor of ours: only to a file, and not on Windows. */
export function isWatchable(descriptor: number): boolean {
  return process.platform !== 'win32' && fstatSync(descriptor).isFile();
}

/** Tells whether a command that shares our stdout and stderr has written to them since the last look. Only files count. */
export function watchOutputFiles(): () => boolean {
  const files = OUTPUTS.filter(isWatchable);
  const state = () => files.map(stateOf).join();
  let seen = state();
  let hasWritten = false;
  const look = () => {
    const now = state();
    if (now !== seen) hasWritten = true;
    seen = now;
  };
  // Messages of the runner itself are not work of the command.
  aroundMessages((write) => {
    look();
    write();
    seen = state();
  });
  return () => {
    look();
    const answer = hasWritten;
    hasWritten = false;
    return answer;
  };
}

/**
 * On Linux, the file position that the command shares with this process (`/proc/PID/fdinfo`, proc_pid_fdinfo(5)). It moves
 * when the command writes, even when appending, and not when another job writes to the same log. Elsewhere all writers look alike.
 */
function stateOf(descriptor: number): string {
  return positionOf(descriptor) ?? sizeAndTimeOf(descriptor);
}

function positionOf(descriptor: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return /^pos:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
  } catch {
    // There may be no /proc, or it may belong to another namespace.
    return undefined;
  }
}

function sizeAndTimeOf(descriptor: number): string {
  const { size, mtimeNs } = fstatSync(descriptor, { bigint: true });
  return `${size} ${mtimeNs}`;
}
