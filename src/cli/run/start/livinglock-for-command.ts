import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callOnExit } from '../../../system/on-exit.js';
import { isExecutable } from './find-program.js';
import { removeFolder } from './remove-folder.js';

/** Next to this file, in `src/` and in `dist/bin/`. Where it cannot be called by its path, a file is made that can. */
export const LAUNCHER = fileURLToPath(
  new URL(process.platform === 'win32' ? 'livinglock.cmd' : 'livinglock.sh', import.meta.url),
);

/** For a file that anyone may execute, never one that is there: whoever owns the folder can plant a link to another file. */
const NEW = { flag: 'wx', mode: 0o755 };

/** A path in which no shell splits or expands anything. */
const ONE_WORD = /^[\w@%+=:,./-]+$/;
/** For cmd.exe `=` and `,` split words, too. Windows shortens long names with `~`. */
const ONE_WORD_ON_WINDOWS = /^[\w@+:.\\/~-]+$/;

/**
 * The variables with which a command calls `livinglock`. `LIVINGLOCK` is the path of a launcher: one word, so that a shell may
 * leave it unquoted and other languages can start it as a program. It does not rely on PATH, because cron's PATH does not include it.
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
  if (process.platform === 'win32') return launcherOnWindows();
  if (!isExecutable('/bin/sh')) return alias('livinglock.cjs', (path) => writeForNode(path, script));
  if (!isExecutable(LAUNCHER)) return alias('livinglock', copyLauncher);
  // A symbolic link works even where nothing in the folder may be executed (noexec).
  return isOneWord(LAUNCHER) ? LAUNCHER : alias('livinglock', (path) => symlinkSync(LAUNCHER, path));
}

/** The launcher does not depend on where it is. Where no name for it is one word, such as `C:\Program Files`, quotes make it one for cmd.exe. */
function launcherOnWindows(): string {
  if (isOneWord(LAUNCHER)) return LAUNCHER;
  const copy = alias('livinglock.cmd', copyLauncher);
  return isOneWord(copy) ? copy : `"${LAUNCHER}"`;
}

/** Minimal container images have Node but no shell. The extension keeps a package.json in a parent folder from making it a module. */
function writeForNode(path: string, script: string): void {
  writeFileSync(path, `#!${process.execPath}\nrequire(${JSON.stringify(script)});\n`, NEW);
}

/** Archives and some file systems lose the executable bit. */
function copyLauncher(path: string): void {
  writeFileSync(path, readFileSync(LAUNCHER), NEW);
}

/**
 * Another path to `livinglock`, in a private folder that is removed when this process exits. After SIGKILL it stays, for a command
 * that goes on. If no such folder can be made, the launcher's own path, which works if it is quoted.
 */
function alias(name: string, make: (path: string) => void): string {
  for (const parent of process.platform === 'win32' ? [tmpdir()] : [resolve(tmpdir()), '/tmp']) {
    if (!isOneWord(parent)) continue;
    try {
      const folder = mkdtempSync(join(parent, 'livinglock-'));
      const path = join(folder, name);
      // In the course of a long run a cleaner of temporary files may remove the folder, and somebody else make one of that name.
      callOnExit(() => removeFolder(folder, [path]));
      make(path);
      return path;
    } catch {
      // Full, or not writable: try the next one.
    }
  }
  return LAUNCHER;
}

function isOneWord(path: string): boolean {
  return (process.platform === 'win32' ? ONE_WORD_ON_WINDOWS : ONE_WORD).test(path);
}
