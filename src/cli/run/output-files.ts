import { fstatSync, readFileSync } from 'node:fs';
import { aroundMessages } from '../terminal/messages.js';

/** The descriptors of stdout and stderr. */
export const OUTPUTS: readonly number[] = [1, 2];

/** Whether it can be seen from here that a command writes to this descriptor of ours: to a file, except on Windows. */
export function isWatchable(descriptor: number): boolean {
  return process.platform !== 'win32' && fstatSync(descriptor).isFile();
}

/** Tells whether a command that has our stdout and stderr has written since the last look, to those of them that are files. */
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
  // Our own messages are no work of the command.
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
 * On Linux the position that a descriptor has in common with those that were inherited (`/proc/PID/fdinfo`, proc_pid_fdinfo(5)): it
 * moves with what they write, at the end of the file too, and not when another job writes to the same log. Elsewhere all writers look alike.
 */
function stateOf(descriptor: number): string {
  return positionOf(descriptor) ?? sizeAndTimeOf(descriptor);
}

function positionOf(descriptor: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return /^pos:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
  } catch {
    // There may be no /proc, or that of another namespace.
    return undefined;
  }
}

function sizeAndTimeOf(descriptor: number): string {
  const { size, mtimeNs } = fstatSync(descriptor, { bigint: true });
  return `${size} ${mtimeNs}`;
}
