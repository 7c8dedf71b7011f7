import { fstatSync, readFileSync, statSync } from 'node:fs';
import { attempt } from '../../../system/attempt.js';
import { messageOf } from '../../../system/message-of.js';
import { aroundMessages } from '../../terminal/messages.js';

/**
 * Tells whether a file has been replaced, or is longer or newer than at the last check. A missing file has not changed. A check throws
 * if it cannot find out.
 */
export function watchFile(path: string): () => boolean {
  return watchState(() => signature(path));
}

function signature(path: string): string | null {
  try {
    // Not `throwIfNoEntry: false`: in Node 22 and later, that is also silent if something in the path is not a folder.
    const status = attempt(() => statSync(path, { bigint: true }), undefined, ['ENOENT']);
    return status === undefined ? null : `${status.ino} ${status.size} ${status.mtimeNs}`;
  } catch (error) {
    throw new Error(
      `Cannot see whether ${path} changes: ${messageOf(error)}. Until this works, the file does not count as proof of work.`,
    );
  }
}

/** The descriptors of stdout and stderr. */
export const OUTPUTS: readonly number[] = [1, 2];

/** Whether this process can see that a command writes to this descriptor of ours: only to a file, and not on Windows. */
export function isWatchable(descriptor: number): boolean {
  return process.platform !== 'win32' && attempt(() => fstatSync(descriptor).isFile(), false);
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

/**
 * Tells whether something has changed since the last look. What messages of the runner change is not work of the command.
 *
 * @param state Describes it; `null` while it is missing, which is no change. What it throws, a look throws.
 */
function watchState(state: () => string | null): () => boolean {
  let seen: string | null = null;
  let hasChanged = false;
  const look = () => {
    const now = state();
    if (now !== null && now !== seen) hasChanged = true;
    seen = now ?? seen;
  };
  // If it throws, the next look reports it.
  const lookIfPossible = () => attempt(look, undefined);
  lookIfPossible();
  hasChanged = false;
  aroundMessages((write) => {
    lookIfPossible();
    const before = hasChanged;
    write();
    lookIfPossible();
    hasChanged = before;
  });
  return () => {
    look();
    const answer = hasChanged;
    hasChanged = false;
    return answer;
  };
}
