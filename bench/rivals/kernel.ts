import { closeSync, openSync } from 'node:fs';
import extensions from 'fs-native-extensions';
import type { Rival } from './rival.js';

/**
 * The kernel's own lock on an open file: the lower limit for any lock on this machine. The kernel drops it with
 * its holder, and cannot detect a holder that hangs.
 */
export const kernelLock: Rival = {
  kind: 'kernel',
  name: "the kernel's lock",
  acquire(path) {
    const descriptor = openSync(path, 'a');
    if (!extensions.tryLock(descriptor)) {
      closeSync(descriptor);
      return null;
    }
    return () => {
      extensions.unlock(descriptor);
      closeSync(descriptor);
    };
  },
};
