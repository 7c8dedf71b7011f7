import type { Store } from 'livinglock';
import type { Gate } from './gate.js';

/**
 * To who is dead the lock is lost. The library keeps a list of the locks to be released when the process exits; contenders come
 * and go in one process, and those that were killed must not stay on that list for ever.
 */
export function mortalStore(store: Store, gate: Gate): Store {
  return {
    resolve: (name) => store.resolve(name),
    read: (name) => store.read(name),
    claim: (name, claim, over) => store.claim(name, claim, over),
    beat: (name, token, beat) => store.beat(name, token, beat),
    remove: (name, token) => (gate.isDead ? { done: false, found: null } : store.remove(name, token)),
  };
}
