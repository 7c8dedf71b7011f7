import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { testStore } from 'livinglock/testing';
import { describe, expect, it } from 'vitest';
import { type KeyValueService, keyValueStore } from './key-value-store.js';

/** Each request takes a turn of the event loop, so that requests overlap. */
class InMemoryService implements KeyValueService {
  readonly #entries = new Map<string, { readonly text: string; readonly revision: number }>();

  async get(key: string) {
    await setImmediate();
    const { text = null, revision = 0 } = this.#entries.get(key) ?? {};
    return { text, revision, now: new Date() };
  }

  async put(key: string, text: string, revision: number) {
    await setImmediate();
    if ((this.#entries.get(key)?.revision ?? 0) !== revision) return false;
    this.#entries.set(key, { text, revision: revision + 1 });
    return true;
  }
}

testStore(
  'the store over a key-value service',
  () => {
    const service = new InMemoryService();
    return { store: keyValueStore(service), another: () => keyValueStore(service) };
  },
  { describe, it },
);

describe('docs/own-store.md', () => {
  it('shows exactly the store that is tested here', () => {
    const [page, program] = ['../docs/own-store.md', './key-value-store.ts'].map((path) =>
      readFileSync(new URL(path, import.meta.url), 'utf8'),
    );
    expect(page).toContain(program);
  });
});
