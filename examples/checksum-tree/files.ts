import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, posix, resolve } from 'node:path';
import { LivingLockError, type Lock } from 'livinglock';

/**
 * Lists all regular files below a folder, as relative paths with `/` as the separator. The order depends on neither the file
 * system nor the locale. Symbolic links are skipped, because they may lead out of the folder or in circles.
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
    // A subfolder may be deleted meanwhile. If the folder itself is missing, a disk was unmounted, and an empty list would be wrong.
    for (const entry of (await (current === '' ? entries : unlessVanished(entries))) ?? []) {
      const path = posix.join(current, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && !isExcluded(resolve(folder, path))) found.push(path);
    }
    await lock.heartBeat();
  }
  return found.sort();
}

/** Sends a heartbeat after each chunk, because a single file may take longer than the stale timeout. Extra heartbeats cost nothing. */
export async function hashFile(path: string, lock: Lock): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal: lock.signal })) {
    hash.update(chunk);
    await lock.heartBeat();
  }
  return hash.digest('hex');
}

/** Other programs keep working in the folder, so a listed file may be gone by now. `undefined` if it is. */
export async function unlessVanished<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    // An error of the lock may have the same code.
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing && !(error instanceof LivingLockError)) return undefined;
    throw error;
  }
}
