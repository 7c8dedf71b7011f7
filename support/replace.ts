import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished, vi } from 'vitest';

// What a test replaces of the system, until the test ends.

/** Replaces functions of one of Node's modules, in all modules that import them. */
export function replace<Module extends object>(module: Module, functions: Partial<Module>): void {
  const originals = Object.fromEntries(
    Object.keys(functions).map((name) => [name, Reflect.get(module, name)]),
  );
  Object.assign(module, functions);
  syncBuiltinESMExports();
  onTestFinished(() => {
    Object.assign(module, originals);
    syncBuiltinESMExports();
  });
}

/** Makes the process believe that it runs on another system. */
export function pretend(platform: NodeJS.Platform): void {
  vi.spyOn(process, 'platform', 'get').mockReturnValue(platform);
  onTestFinished(() => void vi.restoreAllMocks());
}
