import { attempt } from '../../../system/attempt.js';
import type { Sign } from '../../../system/signs-of-life/sign-of-life.js';
import type { FileSystem } from '../file-system.js';
import type { GuardContext } from './guard-context.js';
import { type FileNumbers, guardLifeName } from './guard-names.js';

/** The sign of life of a process that is in a guard, beside its own file there. */
export class GuardSign {
  readonly name: string;
  /** `null` if it is kept beyond the stay. */
  #sign: Sign | null;

  private constructor(name: string, sign: Sign | null) {
    this.name = name;
    this.#sign = sign;
  }

  /**
   * `null` if it needs none, or can keep none.
   *
   * @param own Its own file there.
   * @param pathOf The path of a name beside that file.
   */
  static begin(
    { fs, life, keepsSign, keptSign }: GuardContext,
    own: { readonly name: string; readonly descriptor: number },
    pathOf: (name: string) => string,
  ): GuardSign | null {
    if (life === null || !life.isMovable || !(keepsSign || keptSign !== null)) return null;
    const name = guardLifeName(own.name, fs.fstatSync(own.descriptor).dev ?? 0);
    if (keptSign !== null && isLinked(fs, keptSign, pathOf(name))) return new GuardSign(name, null);
    const sign = keepsSign ? life.keep(pathOf(name)) : null;
    return sign && new GuardSign(name, sign);
  }

  /** Gives it another path, too, under which the caller keeps it from now on. `null` if the caller does so already, or that is not possible. */
  leave(fs: FileSystem, path: string, pathOf: (numbers: FileNumbers) => string): Sign | null {
    const { dev = 0, ino = 0 } = fs.lstatSync(path) ?? {};
    if (this.#sign === null || !isLinked(fs, path, pathOf({ dev, ino }))) return null;
    const sign = this.#sign;
    this.#sign = null;
    return sign;
  }

  close(): void {
    this.#sign?.close();
    this.#sign = null;
  }
}

function isLinked(fs: FileSystem, existing: string, path: string): boolean {
  return attempt(() => {
    fs.linkSync(existing, path);
    return true;
  }, false);
}
