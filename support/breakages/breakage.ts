import type { Clock, Store } from 'livinglock';
import type { FileSystem } from 'livinglock/file';

/** Breaks something on purpose, to see whether the explorer notices. */
export interface Breakage {
  /** Replaces the intact file system, whose every call is a step, by another. */
  fileSystem?(intact: FileSystem, clock: Clock): FileSystem;
  store?(intact: Store, fileSystem: FileSystem): Store;
}

/** A store with some operations replaced. */
export function storeWith(intact: Store, changes: Partial<Store>): Store {
  return {
    resolve: (name) => intact.resolve(name),
    read: (name) => intact.read(name),
    claim: (name, claim, over) => intact.claim(name, claim, over),
    beat: (name, token, beat) => intact.beat(name, token, beat),
    askHolder: async (name, record) => (await intact.askHolder?.(name, record)) ?? 'unknown',
    remove: (name, token, hold) => intact.remove(name, token, hold),
    ...changes,
  };
}
