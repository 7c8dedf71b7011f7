import { rmdirSync, unlinkSync } from 'node:fs';
import { attempt } from '../../../system/attempt.js';

/**
 * Removes these files, and then their folder if it is empty: never what somebody else has put into it, or in its place. What cannot be removed
 * stays, because its name tells where it comes from. Never throws.
 */
export function removeFolder(folder: string, files: readonly string[]): void {
  for (const file of files) attempt(() => unlinkSync(file), undefined);
  attempt(() => rmdirSync(folder), undefined);
}
