import type { Clock } from 'livinglock';
import type { FileSystem } from 'livinglock/file';

/** After this many milliseconds a broken guard counts as left behind, whoever is in it. As in proper-lockfile. */
const STALE = 10_000;

export function isStale(fileSystem: FileSystem, path: string, clock: Clock): boolean {
  const status = fileSystem.lstatSync(path);
  return status !== undefined && clock.now() - status.mtimeMs > STALE;
}
