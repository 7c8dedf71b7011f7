import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Actor, startActor } from '../../support/actors.js';
import { poll } from '../../support/running.js';

// File systems that only one process sees, and that are gone when it ends.

/** Starts an actor that sees its own small file system at the folder; `mountOptions` as for tmpfs(5). */
export function startOnFileSystem(folder: string, mountOptions: string): Promise<Actor> {
  const script = 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"';
  return startActor({ within: ['unshare', '--mount', 'sh', '-c', script, 'sh', mountOptions, folder] });
}

/**
 * Changes the mount, not the file system, which the kernel refuses while a sign of life is kept: its socket keeps the inode of the removed guard
 * (`sb_prepare_remount_readonly` in the kernel's `fs/namespace.c`). Even a mount is refused at a moment at which the actor writes.
 */
export async function remount({ pid }: Actor, folder: string, mountOptions: string): Promise<void> {
  const args = [`--mount=/proc/${pid}/ns/mnt`, 'mount', '-o', `remount,bind,${mountOptions}`, folder];
  await poll(
    'The file system stays busy',
    () => spawnSync('nsenter', args, { stdio: 'ignore' }).status === 0,
  );
}

/** The folder with the file system that only the actor sees. */
export function asSeenBy({ pid }: Actor, folder: string): string {
  return `/proc/${pid}/root${folder}`;
}

/** Adds files until there is no room for one more. Returns their paths. */
export function fillUp(folder: string, chunk: Buffer): string[] {
  try {
    for (let count = 0; ; count++) writeFileSync(join(folder, `filler-${count}`), chunk);
  } catch {
    return readdirSync(folder)
      .filter((name) => name.startsWith('filler-'))
      .map((name) => join(folder, name));
  }
}
