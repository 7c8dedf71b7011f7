import type { Clock, FileSystem, Store } from 'livinglock';

/** Something that is broken on purpose, to see whether the explorer notices. */
export interface Breakage {
  /** Puts another file system in the place of the intact one, whose every call is a step. */
  fileSystem?(intact: FileSystem, clock: Clock): FileSystem;
  store?(intact: Store, fileSystem: FileSystem): Store;
}
