import fs from 'node:fs';
import { type FileSystem, systemFileSystem } from 'livinglock/file';

/** The calls inside `write-file-atomic`, each of which may be its last. */
const ATOMIC_WRITE = [
  'realpathSync',
  'statSync',
  'openSync',
  'writeSync',
  'closeSync',
  'chownSync',
  'chmodSync',
  'renameSync',
] as const;

/** The system's file system. Calls `step` with the name of each call before it, including those inside an atomic write. */
export function steppedFileSystem(step: (name: string) => void): FileSystem {
  return new Proxy(systemFileSystem, {
    get(target, name) {
      const call: unknown = Reflect.get(target, name);
      if (typeof call !== 'function') return call;
      return (...parameters: unknown[]): unknown => {
        const run = (): unknown => Reflect.apply(call, target, parameters);
        if (name === 'writeFileAtomicSync') return withStepsInAtomicWrite(step, run);
        step(String(name));
        return run();
      };
    },
  });
}

function withStepsInAtomicWrite(step: (name: string) => void, write: () => unknown): unknown {
  const restore = ATOMIC_WRITE.map((name) => {
    const call = fs[name];
    Reflect.set(fs, name, (...parameters: unknown[]): unknown => {
      step(name);
      return Reflect.apply(call, fs, parameters);
    });
    return () => Reflect.set(fs, name, call);
  });
  try {
    return write();
  } finally {
    for (const call of restore) call();
  }
}
