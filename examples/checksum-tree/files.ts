import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, posix, resolve } from 'node:path';
import { LivingLockError, type Lock } from 'livinglock';

/**
 * All regular files below a folder, in an order that does not depend on file system or locale, with `/` between the parts of
 * their paths. Symbolic links are left out: they may lead anywhere, also in circles.
 */
export async function listFiles(
  folder: string,
  isExcluded: (path: string) => boolean,
  lock: Lock,
): Promise<string[]> {
  const found: string[] = [];
  const folders = [''];
  for (let current = folders.pop(); current !== undefined; current = folders.pop()) {
    const entries = readdir(join(folder, current), { withFileTypes: true });
    // If it is the folder itself that has vanished, a disk was unmounted, and an empty list would be a lie.
    for (const entry of (await (current === '' ? entries : unlessVanished(entries))) ?? []) {
      const path = posix.join(current, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && !isExcluded(resolve(folder, path))) found.push(path);
    }
    await lock.heartBeat();
  }
  return found.sort();
}

/** Beats within the file too, since one file may take longer than the stale timeout; a heartbeat too many costs nothing. */
export async function hashFile(path: string, lock: Lock): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal: lock.signal })) {
    hash.update(chunk);
    await lock.heartBeat();
  }
  return hash.digest('hex');
}

/** Others go on working below the folder meanwhile, so what was listed may be gone. */
export async function unlessVanished<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    // Troubles of the lock can bear the same code.
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing && !(error instanceof LivingLockError)) return undefined;
    throw error;
  }
}
