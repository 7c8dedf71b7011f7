import { readFileSync, writeFileSync } from 'node:fs';
import { fileStore } from 'livinglock/file';
import type { Place } from '../../place.js';
import { livinglock } from '../rivals/livinglock.js';
import type { Engine } from './engine.js';

/** livinglock's default, for comparison. */
export function openFiles(place: Place): Engine {
  const small = place.newPath();
  writeFileSync(small, 'nothing in particular');
  return {
    title: `a file, ${place.mount.type}`,
    description: 'files without `fsync`',
    connect: async () => ({
      bare: { name: '`readFileSync`', run: () => readFileSync(small) },
      rivals: [livinglock(fileStore())],
      newLock: () => place.newPath(),
      async [Symbol.asyncDispose]() {},
    }),
    async [Symbol.asyncDispose]() {},
  };
}
