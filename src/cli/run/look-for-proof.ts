import { existsSync } from 'node:fs';
import type { Lock, Store } from '../../index.js';
import { say } from '../terminal/messages.js';
import { watchOutputFiles } from './output-files.js';
import { type Proof, watchFile } from './proof.js';
import type { Look } from './proof-watch.js';

/** Returns the function that looks for this kind of proof. */
export function lookFor(proof: Proof, lock: Lock | null, store: Store): Look {
  switch (proof.by) {
    case 'alive':
      return (watch) => {
        watch.prove();
        return watch.silence;
      };
    case 'output': {
      const hasWritten = watchOutputFiles();
      return (watch) => {
        if (hasWritten()) watch.prove();
        return watch.silence;
      };
    }
    case 'file': {
      if (!existsSync(proof.path))
        say(`There is no ${proof.path} yet. The command must create it, and change it.`);
      const hasChanged = watchFile(proof.path);
      return (watch) => {
        if (hasChanged()) watch.prove();
        return watch.silence;
      };
    }
    case 'manual':
      return lock === null ? () => 0 : lookAtLock(lock, store);
  }
}

/** The command sends its own heartbeats, so its last proof of work is in the lock. */
function lookAtLock({ name, token }: Lock, store: Store): Look {
  return async () => {
    const stored = await store.read(name);
    // If the lock is no longer ours, the lock itself finds that out.
    return stored?.record?.token === token ? stored.age : 0;
  };
}
