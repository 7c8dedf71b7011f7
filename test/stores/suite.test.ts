import { join } from 'node:path';
import { describe, it } from 'vitest';
import { fileStore } from '../../src/stores/file/index.js';
import { memoryStore, testStore } from '../../src/testing/index.js';
import { temporaryFolder } from '../../support/world.js';

const framework = { describe, it };

testStore(
  'the file store',
  () => {
    const folder = temporaryFolder();
    return {
      store: fileStore(),
      another: () => fileStore(),
      nameOf: (word) => join(folder, word),
    };
  },
  framework,
);

testStore('the store in memory', () => ({ store: memoryStore() }), framework);
