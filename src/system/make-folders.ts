import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './system-code.js';

type MakeFolder = (folder: string, options: { mode: number | undefined }) => unknown;

/**
 * Creates a folder and its parents. One at a time, because where nothing can be created (`/proc`), Node's
 * own way (`recursive`) tries forever.
 */
export function makeFolders(folder: string, mode?: number, make: MakeFolder = mkdirSync): void {
  try {
    makeUnlessThere(folder, mode, make);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolders(dirname(folder), mode, make);
    makeUnlessThere(folder, mode, make);
  }
}

/** Another process may make it at the same time. */
function makeUnlessThere(folder: string, mode: number | undefined, make: MakeFolder): void {
  try {
    make(folder, { mode });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}
