import { basename } from 'node:path';
import type { FileSystem } from 'livinglock/file';
import type { Breakage } from './breakage.js';
import { isGuard } from './guard-paths.js';

/** A claim is made before anybody listens at the sign of life beside it: to others its holder is dead for a moment. */
export const claimsBeforeItListens: Breakage = {
  fileSystem: (intact) =>
    withLateSigns(intact, {
      early: (path) => intact.closeSync(intact.openSync(path, 'wx')),
      late(sign, path) {
        intact.unlinkSync(path);
        intact.linkSync(sign, path);
      },
    }),
};

/** A claim is made before there is a sign of life beside it: if its holder is killed in between, nothing proves its death. */
export const claimsBeforeItKeeps: Breakage = {
  fileSystem: (intact) =>
    withLateSigns(intact, { early() {}, late: (sign, path) => intact.linkSync(sign, path) }),
};

/** What happens when a sign should be put beside the lock, and what happens when the lock is there. */
interface Delay {
  readonly early: (path: string) => void;
  readonly late: (sign: string, path: string) => void;
}

function withLateSigns(intact: FileSystem, { early, late }: Delay): FileSystem {
  let due: (() => void) | null = null;
  const catchUp = () => {
    due?.();
    due = null;
  };
  return {
    ...intact,
    linkSync(existing, path) {
      if (!isHoldersSign(path)) {
        intact.linkSync(existing, path);
        return catchUp();
      }
      early(path);
      due = () => late(existing, path);
    },
    renameSync(from, to) {
      intact.renameSync(from, to);
      // A claim that was not made owes no sign.
      if (isGuard(to)) due = null;
      else catchUp();
    },
  };
}

function isHoldersSign(path: string): boolean {
  return basename(path).includes('.life.');
}
