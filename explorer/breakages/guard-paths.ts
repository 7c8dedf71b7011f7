import { dirname } from 'node:path';

/** The guard itself. */
export function isGuard(path: string): boolean {
  return path.endsWith('.guard');
}

/** The file in the guard that names its owner. */
export function isInGuard(path: string): boolean {
  return isGuard(dirname(path));
}

/** A private folder that is to become the guard. */
export function isEntrance(path: string): boolean {
  return /\.guard\.[0-9a-f-]{36}$/.test(path);
}

/** The file in such a folder. */
export function isInEntrance(path: string): boolean {
  return isEntrance(dirname(path));
}
