import { fstatSync, readFileSync } from 'node:fs';
import { attempt } from '../../../system/attempt.js';
import { watchState } from './change-detector.js';

/** The descriptors of stdout and stderr. */
export const OUTPUTS: readonly number[] = [1, 2];

/** Whether this process can see that a command writes to this descriptor of ours: only to a file, and not on Windows. */
export function isWatchable(descriptor: number): boolean {
  return process.platform !== 'win32' && fstatSync(descriptor).isFile();
}

/** Tells whether a command that shares our stdout and stderr has written to them since the last look. Only files count. */
export function watchOutputFiles(): () => boolean {
  const files = OUTPUTS.filter(isWatchable);
  return watchState(() => files.map(stateOf).join());
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
  // There may be no /proc, or it may belong to another namespace.
  const info = attempt(() => readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'), '');
  return /^pos:\s*(\d+)$/m.exec(info)?.[1];
}

function sizeAndTimeOf(descriptor: number): string {
  const { size, mtimeNs } = fstatSync(descriptor, { bigint: true });
  return `${size} ${mtimeNs}`;
}
