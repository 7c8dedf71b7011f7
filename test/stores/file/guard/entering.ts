import { type FileSystem, systemFileSystem } from '../../../../src/stores/file/file-system.js';
import type { GuardContext } from '../../../../src/stores/file/guard/guard-context.js';
import type { GuardSection } from '../../../../src/stores/file/guard/guard-types.js';
import { runGuarded } from '../../../../src/stores/file/guard/run-guarded.js';
import type { FakeProcess } from '../../../../src/testing/index.js';
import { fileSystemWith, systemError, type World } from '../../../../support/world.js';

interface Entrant extends Partial<GuardContext> {
  readonly process?: FakeProcess;
}

/** Enters the guard of the world's lock, and returns what the section returns. */
export function enter<T>(
  world: World,
  section: (stay: GuardSection) => T,
  changes: Partial<FileSystem> = {},
  entrant: Entrant = {},
): T {
  const { process = world.processes.own, ...rest } = entrant;
  const context: GuardContext = {
    fs: fileSystemWith(changes),
    processes: world.as(process).processes,
    life: null,
    keepsSign: false,
    keptSign: null,
    answers: new Map(),
    isOfEarlierBoot: () => false,
    isClosed: false,
    ...rest,
  };
  return runGuarded(context, world.path, section);
}

export const IN = () => 'in';

/** Leaves the guard as a process does that is killed inside. */
export function abandonInside(world: World, process: FakeProcess): void {
  const stop = (): never => {
    throw systemError('EIO');
  };
  enter(world, IN, { unlinkSync: stop, rmdirSync: stop }, { process });
}

/** A file system that knows how many files and folders are open. */
export function countingFileSystem(changes: Partial<FileSystem> = {}) {
  const fs = fileSystemWith(changes);
  const counting = {
    open: 0,
    changes: {
      ...changes,
      openSync(path, flags, mode) {
        const descriptor = fs.openSync(path, flags, mode);
        counting.open++;
        return descriptor;
      },
      closeSync(descriptor) {
        counting.open--;
        fs.closeSync(descriptor);
      },
      openFolderSync(path, followLinks) {
        const folder = fs.openFolderSync(path, followLinks);
        counting.open++;
        return {
          ...folder,
          close() {
            counting.open--;
            folder.close();
          },
        };
      },
    } satisfies Partial<FileSystem>,
  };
  return counting;
}

export function failing(code: string) {
  return () => {
    throw systemError(code);
  };
}

/** Where no path leads to an open folder, as on macOS and Windows. */
export const withoutPaths: Partial<FileSystem> = {
  openFolderSync: (path, followLinks) => ({
    ...systemFileSystem.openFolderSync(path, followLinks),
    path: null,
  }),
};
