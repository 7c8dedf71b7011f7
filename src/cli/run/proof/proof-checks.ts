import { existsSync } from 'node:fs';
import type { Lock, Store } from '../../../index.js';
import { say } from '../../terminal/messages.js';
import { watchFile } from './file-proof.js';
import { watchOutputFiles } from './output-file-proof.js';
import type { Proof } from './proof.js';
import type { ProofCheck } from './stall-watch.js';

/** Returns the check for this kind of proof. */
export function proofCheckFor(proof: Proof, lock: Lock | null, store: Store): ProofCheck {
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
        say(`There is no ${proof.path} yet. The command must create it and keep changing it.`);
      const hasChanged = watchFile(proof.path);
      return (watch) => {
        if (hasChanged()) watch.prove();
        return watch.silence;
      };
    }
    case 'manual':
      return lock === null ? () => 0 : heartbeatCheck(lock, store);
  }
}

/** The command sends its own heartbeats, so its last proof of work is in the lock. */
function heartbeatCheck({ name, token }: Lock, store: Store): ProofCheck {
  return async () => {
    const stored = await store.read(name);
    // If the lock is no longer ours, the lock itself finds that out.
    return stored?.record?.token === token ? stored.age : 0;
  };
}
