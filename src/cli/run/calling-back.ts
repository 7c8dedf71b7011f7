import {
  accessSync,
  constants,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callOnExit } from '../../system/exit.js';

/** Beside this file, in `src/` as well as in `dist/bin/`. */
const LAUNCHER = fileURLToPath(
  new URL(process.platform === 'win32' ? 'livinglock.cmd' : 'livinglock.sh', import.meta.url),
);

/** No shell splits such a path or expands anything in it. */
const ONE_WORD = /^[\w@%+=:,./-]+$/;

/**
 * The variables by which a command calls `livinglock`. `LIVINGLOCK` is the path of a launcher: one word, so that a shell may
 * leave it unquoted and other languages may start it as a program. It needs no PATH, because that of cron does not lead here.
 */
export function callingBack(): NodeJS.ProcessEnv {
  const script = resolve(process.argv[1] ?? '');
  return {
    LIVINGLOCK: launcherFor(script),
    LIVINGLOCK_NODE: process.execPath,
    LIVINGLOCK_SCRIPT: script,
  };
}

function launcherFor(script: string): string {
  if (process.platform === 'win32') return LAUNCHER;
  if (!isExecutable('/bin/sh')) return alias('livinglock.cjs', (path) => writeForNode(path, script));
  if (!isExecutable(LAUNCHER)) return alias('livinglock', copyLauncher);
  // A link works even where nothing in the folder may be executed (noexec).
  return ONE_WORD.test(LAUNCHER) ? LAUNCHER : alias('livinglock', (path) => symlinkSync(LAUNCHER, path));
}

/** Minimal container images have Node and no shell. The extension keeps a package.json further up from making it a module. */
function writeForNode(path: string, script: string): void {
  writeFileSync(path, `#!${process.execPath}\nrequire(${JSON.stringify(script)});\n`, { mode: 0o755 });
}

/** Archives and some file systems lose the mode. */
function copyLauncher(path: string): void {
  writeFileSync(path, readFileSync(LAUNCHER), { mode: 0o755 });
}

/**
 * Another way to `livinglock`, in a private folder that is removed when this process ends; after SIGKILL it stays, for a command that
 * goes on. Where no such folder can be made, the launcher's own path, which works where it is quoted.
 */
function alias(name: string, make: (path: string) => void): string {
  for (const parent of [resolve(tmpdir()), '/tmp']) {
    if (!ONE_WORD.test(parent)) continue;
    try {
      const folder = mkdtempSync(join(parent, 'livinglock-'));
      callOnExit(() => removeIfPossible(folder));
      make(join(folder, name));
      return join(folder, name);
    } catch {
      // Full, or not ours to write to: the next.
    }
  }
  return LAUNCHER;
}

/** Others are called on exit too, and none of them may be kept from it. */
function removeIfPossible(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // What stays says by its name where it comes from.
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
