/** Set for helpers. */
const MARK = 'LIVINGLOCK_HELPER';

/** The environment of a helper. */
export function helperEnvironment(): NodeJS.ProcessEnv {
  // The executable of Electron is Node only if it is told so.
  return { ...process.env, [MARK]: '1', ELECTRON_RUN_AS_NODE: '1' };
}

/**
 * Throws where the executable of this process does not run what it is given, as Node does. It would start the whole program again, which would start
 * helpers in its turn, and so on without end.
 */
export function refuseWithoutNode(): void {
  const isSingle = 'pkg' in process || process.getBuiltinModule('node:sea')?.isSea() === true;
  if (!isSingle && process.env[MARK] === undefined) return;
  throw new Error(
    'verifyFileSystem needs Node for its helper processes, and this program is an executable of its own: run `npx livinglock verify FOLDER` instead.',
  );
}
