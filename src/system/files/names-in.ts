import { readdirSync } from 'node:fs';
import { attempt } from '../attempt.js';

/** The names of the entries of a folder; none if it does not exist. */
export function namesIn(folder: string): string[] {
  return attempt(() => readdirSync(folder), [], ['ENOENT']);
}
