import { readdirSync } from 'node:fs';
import { systemCode } from '../system-code.js';

/** The names of the entries of a folder; none if it does not exist. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
