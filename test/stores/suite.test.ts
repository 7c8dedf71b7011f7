import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileStore } from '../../src/stores/file/index.js';
import { memoryStore, type StoreUnderTest, storeCases, testStore } from '../../src/testing/index.js';
import { temporaryFolder, untyped } from '../../support/world.js';

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

it.each<[made: unknown, message: string]>([
  [memoryStore(), '`makeStore` must return `{ store }`, but returned an object.'],
  [{ stroe: memoryStore() }, '`makeStore` must return `{ store }`, but returned an object.'],
  [undefined, '`makeStore` must return `{ store }`, but returned undefined.'],
  [{ store: 'memory' }, "The option `store` must have a method `resolve`, but is 'memory'."],
])('the suite refuses what is no store to test: %o', async (made, message) => {
  const [first] = storeCases(() => untyped<{ made: StoreUnderTest }>({ made }).made);
  await expect(first?.run()).rejects.toThrow(new TypeError(message));
});
