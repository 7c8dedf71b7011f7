import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './system-code.js';

/**
 * Creates a folder and its parents. One at a time, because where nothing can be created (`/proc`), Node's
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
