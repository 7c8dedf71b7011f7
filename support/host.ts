import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blockFor } from '../src/system/block-for.js';

// What a server needs to know about this machine, whether it is started for a test or for something else.

export const isPosix = process.platform !== 'win32';
export const isLinux = process.platform === 'linux';
export const isRoot = process.getuid?.() === 0;

/** The user and group `nobody`, who owns nothing. */
export const NOBODY = 65534;

/** Whether this process can start a process of another user that can read this checkout. */
export const canBeNobody = isRoot && isReadableByNobody(fileURLToPath(import.meta.url));

/** A new empty folder that other users can read but not write. The caller must remove it. */
export function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'livinglock-integration-')));
  chmodSync(folder, 0o755);
  return folder;
}

export function removeFolder(folder: string): void {
  // A test may have removed its permissions.
  chmodSync(folder, 0o755);
  // And a process that is being killed may write into it until it is gone.
  if (isPosix) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  else removeOnWindows(folder);
}

/** The folder in which a process works is in use for a moment after its end. */
function removeOnWindows(folder: string): void {
  for (let tries = 1; ; tries++) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tries > 100) throw error;
      blockFor(20);
    }
  }
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
