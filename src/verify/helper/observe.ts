import { dirname } from 'node:path';
import type { FileSystem } from '../../stores/file/file-system.js';
import { readSnapshot } from '../../stores/file/text-file.js';
import { systemCode } from '../../system/system-code.js';
import type { Sight, Sightings } from '../probes/probe.js';
import { numberOf } from '../probes/version.js';

/** What a file, and its folder, look like from this process. */
export function observe(fs: FileSystem, path: string): Sight {
  const names = fs.readdirSync(dirname(path));
  // The store asks the same way: what is not there is not opened.
  const snapshot = fs.lstatSync(path) === undefined ? null : readSnapshot(fs, path);
  return { text: snapshot?.text ?? null, mtimeMs: snapshot?.status.mtimeMs ?? null, names };
}

/** Reads a file, whose text is a version, over and over until it is the last one, or for so many milliseconds no newer one. */
export function observeUntil(fs: FileSystem, path: string, last: string, timeout: number): Sightings {
  let [reads, missing, torn, backwards, newest] = [0, 0, 0, 0, 0];
  const errors = new Set<string>();
  let end = performance.now() + timeout;
  while (newest !== numberOf(last) && performance.now() < end) {
    reads++;
    try {
      const text = readSnapshot(fs, path)?.text ?? null;
      const number = text === null ? null : numberOf(text);
      if (text === null) missing++;
      else if (number === null) torn++;
      else if (number < newest) backwards++;
      else if (number > newest) {
        newest = number;
        end = performance.now() + timeout;
      }
    } catch (error) {
      errors.add(systemCode(error) ?? String(error));
    }
  }
  return { reads, missing, torn, backwards, errors: [...errors], sawLast: newest === numberOf(last) };
}
