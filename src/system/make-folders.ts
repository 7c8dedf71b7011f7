import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './system-code.js';

/**
 * Makes a folder, and those above it. One by one, because where a folder cannot be made in one that is there (`/proc`), Node's
 * own way (`recursive`) tries for ever.
 */
export function makeFolders(folder: string, mode?: number): void {
  try {
    makeUnlessThere(folder, mode);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolders(dirname(folder), mode);
    makeUnlessThere(folder, mode);
  }
}

/** Another process may make it at the same time. */
function makeUnlessThere(folder: string, mode: number | undefined): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}
