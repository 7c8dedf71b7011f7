const PACKAGE = `${import.meta.dirname}/../..`;
const FOLDER = `${PACKAGE}/.cache`;

/**
 * Makes Node keep the compiled program in a folder of this package, as Python does in `__pycache__`: nobody can write there who could not change
 * the program itself. If the package belongs to somebody else, nothing is kept: its owner could not remove what root had written.
 *
 * Node can do it since 22.1. It does nothing if the folder cannot be written to, or with `NODE_DISABLE_COMPILE_CACHE=1`.
 */
export function cacheCompiledCode(): void {
  // Not imported, because the file that contains it is among those to be kept.
  const module = process.getBuiltinModule('node:module');
  const { uid } = process.getBuiltinModule('node:fs').statSync(PACKAGE);
  if (uid !== (process.geteuid?.() ?? 0)) return;
  if ('enableCompileCache' in module && typeof module.enableCompileCache === 'function')
    module.enableCompileCache(FOLDER);
}
