import type { SignFile } from '../../../system/signs-of-life/sign-of-life.js';
import type { FileStatus, FileSystem } from '../file-system.js';
import { isLikeSign } from '../remove-files.js';
import { guardLifeName, isGuardLife, isStaged, isStillOpen, ownerFrom } from './guard-names.js';
import type { OwnerFile } from './guard-owner.js';

/** What is in a guard. */
export interface Survey {
  /** The name of something that livinglock cannot have put there. */
  readonly stranger: string | undefined;
  readonly owners: readonly OwnerFile[];
  /** What to remove, in this order, to remove the guard. */
  readonly names: readonly string[];
  /** The sign of life of the owner with that file. It must belong to the owner, and be on the device given in its name. */
  signOf(owner: string): { readonly name: string; readonly file: SignFile };
}

/**
 * Signs of life are removed last: if that is interrupted, an owner without its sign would be one about which nothing is known, while a
 * sign without its owner belongs to nobody.
 *
 * @param pathOf The path of a name in the guard.
 */
export function survey(fs: FileSystem, found: readonly string[], pathOf: (name: string) => string): Survey {
  const statuses = new Map(found.map((name) => [name, fs.lstatSync(pathOf(name))] as const));
  const owners = found.filter((name) => ownerFrom(name) !== null);
  const signOf = (owner: string) => {
    const { uid, dev } = statuses.get(owner) ?? {};
    return { name: guardLifeName(owner, dev ?? 0), file: { uid, dev } };
  };
  return {
    stranger: found.find((name) => !isOurs(name, statuses.get(name))),
    owners: owners.map((name) => ({ name, isSigned: found.includes(signOf(name).name) })),
    names: [...found.filter(isStaged), ...owners, ...found.filter(isGuardLife)],
    signOf,
  };
}

/** @param status `undefined`: it is gone by now. */
function isOurs(name: string, status: FileStatus | undefined): boolean {
  if (isGuardLife(name)) return status === undefined || isLikeSign(status);
  const isName = ownerFrom(name) !== null || isStaged(name) || isStillOpen(name);
  return isName && status?.isFile() !== false;
}
