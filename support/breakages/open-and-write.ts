import type { Breakage } from './breakage.js';

const MAX_BYTES = 4096;

/**
 * Creates a new lock at its path and then writes it, instead of writing it elsewhere and linking it to its path. Others
 * see a file that names nobody. If its maker is killed half-way, they must wait until it is old enough.
 */
export const openAndWrite: Breakage = {
  fileSystem: (intact) => ({
    ...intact,
    linkSync(temporary, path) {
      const source = intact.openSync(temporary, 'r');
      const buffer = Buffer.alloc(MAX_BYTES);
      const length = intact.readSync(source, buffer);
      intact.closeSync(source);
      const target = intact.openSync(path, 'wx');
      intact.writeSync(target, buffer.subarray(0, length));
      intact.closeSync(target);
    },
  }),
};
