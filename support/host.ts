import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// What a server needs to know of this machine, whether it is started for a test or for something else.

export const isPosix = process.platform !== 'win32';
export const isLinux = process.platform === 'linux';
export const isRoot = process.getuid?.() === 0;

/** The user and group `nobody`, who owns nothing. */
export const NOBODY = 65534;

/** Whether a process of another user can be started that can read this checkout. */
export const canBeNobody = isRoot && isReadableByNobody(fileURLToPath(import.meta.url));

/** A new empty folder, in which other users may look but not write. Whoever makes it removes it. */
export function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'livinglock-integration-')));
  chmodSync(folder, 0o755);
  return folder;
}

export function removeFolder(folder: string): void {
  // A test may have closed it.
  chmodSync(folder, 0o755);
  // And a process that is being killed may write into it until it is gone.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

function isReadableByNobody(file: string): boolean {
  const look = ['-e', 'fs.accessSync(process.argv[1])', file];
  const { status } = spawnSync(process.execPath, look, {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    stdio: 'ignore',
  });
  return status === 0;
}
