import type { Stats } from 'node:fs';

const PACKAGE = `${import.meta.dirname}/../..`;
const FOLDER = `${PACKAGE}/.cache`;
/** Each Node version keeps a dozen files. There are more where Node could create files, but not write to them: on a full disk it leaves them. */
const MOST_FILES = 200;

type FileSystem = typeof import('node:fs');

/**
 * Makes Node keep the compiled program in a folder of this package, as Python does in `__pycache__`: nobody can write there who could not change
 * the program itself. If the package belongs to somebody else, nothing is kept: its owner could not remove what root had written.
 *
 * Node can do it since 22.1. It does nothing if the folder cannot be written to, or with `NODE_DISABLE_COMPILE_CACHE=1`.
 */
export function cacheCompiledCode(): void {
  // Nothing is imported that the bundle would put into one of the files to be kept.
  const fs = process.getBuiltinModule('node:fs');
  const module = process.getBuiltinModule('node:module');
  if (!('enableCompileCache' in module) || typeof module.enableCompileCache !== 'function') return;
  try {
    if (isOwn(fs.statSync(PACKAGE)) && isFolderReady(fs)) module.enableCompileCache(FOLDER);
  } catch {
    // A package that cannot be written to.
  }
}

/** Whatever the umask is, nobody else may write to it: what Node finds there, it runs. */
function isFolderReady(fs: FileSystem): boolean {
  if (!fs.existsSync(FOLDER)) {
    fs.mkdirSync(FOLDER, { mode: 0o700 });
    fs.chmodSync(FOLDER, 0o700);
  }
  const status = fs.lstatSync(FOLDER);
  const isClosed = process.platform === 'win32' || (status.mode & 0o077) === 0;
  return status.isDirectory() && isOwn(status) && isClosed && countFiles(fs) <= MOST_FILES;
}

/** Each Node version has a folder. (`recursive: true` would take as long as loading a tenth of the program.) */
function countFiles(fs: FileSystem): number {
  const folders = fs.readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.reduce((count, { name }) => count + fs.readdirSync(`${FOLDER}/${name}`).length, 0);
}

function isOwn({ uid }: Stats): boolean {
  return uid === (process.geteuid?.() ?? 0);
}
