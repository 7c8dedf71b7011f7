import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it. One by one, because where a folder cannot be made in one that is there (`/proc`), Node's
 * own way (`recursive`) tries for ever.
 */
export function makeFolders(folder: string, mode?: number): void {
  const make = () => mkdirSync(folder, { mode });
  try {
    make();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolders(dirname(folder), mode);
    make();
  }
}
