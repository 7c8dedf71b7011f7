import { randomUUID } from 'node:crypto';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';

/**
 * Puts a new file in the place of an old one, so that nothing is written through a link, and a full disk leaves no half of a command that would
 * still be run.
 *
 * @param mode `null`: as the umask allows.
 */
export async function replaceFile(path: string, text: string, mode: number | null): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, text, { flag: 'wx', flush: true, mode: mode ?? 0o666 });
    if (mode !== null) await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
