import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Actor, startActor } from '../../support/actors.js';

// File systems that only one process sees, and that are gone when it ends.

/** Starts an actor that sees its own small file system at the folder; `mountOptions` as for tmpfs(5). */
export function startOnFileSystem(folder: string, mountOptions: string): Promise<Actor> {
  const script = 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"';
  return startActor({ within: ['unshare', '--mount', 'sh', '-c', script, 'sh', mountOptions, folder] });
}

export function remount({ pid }: Actor, folder: string, mountOptions: string): void {
  const script = ['mount', '-o', `remount,${mountOptions}`, folder];
  execFileSync('nsenter', [`--mount=/proc/${pid}/ns/mnt`, ...script]);
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
