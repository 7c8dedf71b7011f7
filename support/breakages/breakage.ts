import type { Clock, FileSystem, Store } from 'livinglock';

/** Something that is broken on purpose, to see whether the explorer notices. */
export interface Breakage {
  /** Puts another file system in the place of the intact one, whose every call is a step. */
  fileSystem?(intact: FileSystem, clock: Clock): FileSystem;
  store?(intact: Store, fileSystem: FileSystem): Store;
}

/** A store of which some operations are others. */
export function storeWith(intact: Store, changes: Partial<Store>): Store {
  return {
    resolve: (name) => intact.resolve(name),
    read: (name) => intact.read(name),
    claim: (name, claim, over) => intact.claim(name, claim, over),
    beat: (name, token, beat) => intact.beat(name, token, beat),
    remove: (name, token, hold) => intact.remove(name, token, hold),
    ...changes,
  };
}
