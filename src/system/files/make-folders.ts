import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../system-code.js';

type MakeFolder = (folder: string, options: { mode: number | undefined }) => unknown;

/** As `mkdirSync`, but whatever the umask is, its owner can use the folder: with 0777, all later runs would fail. */
export function makeFolder(folder: string, options: { mode: number | undefined }): void {
  mkdirSync(folder, options);
  const { mode } = lstatSync(folder);
  if ((mode & 0o700) !== 0o700) chmodSync(folder, (mode & 0o7777) | 0o700);
}

/**
 * Creates a folder and its parents. One at a time, because where nothing can be created (`/proc/x`), Node's own way (`recursive`) tries forever on
 * Node 20. Returns whether the folder was created.
 */
export function makeFolders(folder: string, mode?: number, make: MakeFolder = makeFolder): boolean {
  try {
    return makeUnlessThere(folder, mode, make);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolders(dirname(folder), mode, make);
    return makeUnlessThere(folder, mode, make);
  }
}

/** Another process may make it at the same time. */
function makeUnlessThere(folder: string, mode: number | undefined, make: MakeFolder): boolean {
  try {
    make(folder, { mode });
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    return false;
  }
}
