import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { childrenOf } from './children.js';
import { isLinux, isRoot, newFolder, removeFolder } from './host.js';

export * from './children.js';
export * from './host.js';

// What this machine is, and what it allows a test to do.

/** Whether processes can run in their own PID namespaces, as a container's do. */
export const canUnshare = isLinux && isRoot && succeeds('unshare', '--pid', '--fork', '--mount-proc', 'true');

/** Whether processes can be shown another time since the start of the machine (time_namespaces(7)). */
export const canUnshareTime =
  isLinux &&
  isRoot &&
  // Unsharing must start from the initial namespace. Its inode number is fixed in the kernel's `include/linux/proc_ns.h`.
  linkTo('/proc/self/ns/time') === 'time:[4026531834]' &&
  succeeds('unshare', '--time', '--fork', '--monotonic', '1', 'nsenter', '--version');

/** Whether file systems can be mounted so that only a test's own processes see them. */
export const canMount =
  isLinux && isRoot && succeeds('unshare', '--mount', 'mount', '-t', 'tmpfs', 'none', tmpdir());

/** Whether an image of a file system in a file can be made and mounted. */
export const canMountImages = canMount && existsSync('/dev/loop-control') && succeeds('mkfs.ext4', '-V');

/** Whether bindfs can mount a folder elsewhere through FUSE. */
export const canMountFuse = canMount && existsSync('/dev/fuse') && succeeds('bindfs', '--version');

/** The inode number is fixed in the kernel's `include/linux/proc_ns.h`. */
export const isInInitialPidNamespace = isLinux && readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]';

/** The same as `newFolder`, removed after the test. */
export function temporaryFolder(): string {
  const folder = newFolder();
  onTestFinished(() => removeFolder(folder));
  return folder;
}

/** The state of a process by its letter: `R`, `S`, `T` (stopped), `Z` (zombie). Empty if there is no such process. */
export function processState(pid: number): string {
  try {
    if (!isLinux)
      return execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).charAt(0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return '';
  }
}

/** The children of a process of this Linux machine, and their descendants. */
export function descendantsOf(pid: number | undefined): number[] {
  try {
    return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
  } catch {
    // It has just ended.
    return [];
  }
}

/** The program and arguments of a process of this Linux machine. */
export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** Resolves when all these processes have ended. */
export async function waitForEndOf(pids: readonly number[]): Promise<void> {
  while (!pids.every(hasEnded)) await sleep(5);
}

/** The first thread of a process may be a zombie while others still run, and keep its files open. */
function hasEnded(pid: number): boolean {
  const state = processState(pid);
  if (state !== 'Z') return state === '';
  try {
    return !isLinux || threadCount(pid) <= 1;
  } catch {
    return true;
  }
}

/** How many threads a process of this Linux machine still has. */
export function threadCount(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

function succeeds(program: string, ...parameters: string[]): boolean {
  return spawnSync(program, parameters, { stdio: 'ignore' }).status === 0;
}

function linkTo(path: string): string | null {
  return existsSync(path) ? readlinkSync(path) : null;
}
