import type { Store } from 'livinglock';
import type { Gate } from './gate.js';

/**
 * Treats the lock as lost for a dead contender. The library keeps a list of locks to release when the process exits. Contenders come
 * and go within one process, and those that were killed must not stay on that list forever.
 */
export function mortalStore(store: Store, gate: Gate): Store {
  return {
    resolve: (name) => store.resolve(name),
    read: (name) => store.read(name),
    claim: (name, claim, over) => store.claim(name, claim, over),
    beat: (name, token, beat) => store.beat(name, token, beat),
    askHolder: async (name, record) => (await store.askHolder?.(name, record)) ?? 'unknown',
    remove: (name, token) => (gate.isDead ? { done: false, found: null } : store.remove(name, token)),
  };
}
