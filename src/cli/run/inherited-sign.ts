import { fstatSync, unlinkSync } from 'node:fs';
import type { Life, Liveness, Lock, Sign, Worker } from '../../index.js';
import { systemLife } from '../../system/life/system.js';
import { LinuxProbe } from '../../system/processes/linux.js';
import { isFinished } from '../../system/processes/process-table.js';
import { hasOpen } from './process-list.js';

/** When to look whether the command still has it open, in milliseconds: each time twice as long after the last. */
const FIRST_LOOK = 100;
const LATEST_LOOK = 60_000;

/** A sign that a command can inherit. */
interface Heirloom {
  readonly descriptor: number;
  readonly inode: bigint;
}

/**
 * The lock's sign of life, which the command and all its descendants inherit: seen from another container, the lock is held as long as any
 * of them lives.
 */
export class InheritedSign implements Life {
  readonly #life: Life;
  /** In the order in which they were begun. */
  readonly #open = new Set<Heirloom>();
  #isInherited = true;

  constructor(life: Life) {
    this.#life = life;
  }

  /** The runner takes much longer to start than a sign does. */
  get when(): Life['when'] {
    return this.#life.when === 'holding' ? 'claiming' : this.#life.when;
  }

  get isMovable(): boolean {
    return this.#life.isMovable;
  }

  get needsLocalFiles(): boolean {
    return this.#life.needsLocalFiles;
  }

  ask(path: string, writer?: number): Promise<Liveness> {
    return this.#life.ask(path, writer);
  }

  /** One that cannot be inherited would end with the runner, while the command lives. */
  keep(path: string): Sign | null {
    const sign = this.#life.keep(path);
    if (sign === null) return null;
    if (sign.descriptor === null) {
      sign.close();
      removeIfThere(path);
      return null;
    }
    const { descriptor } = sign;
    const heirloom = { descriptor, inode: fstatSync(descriptor, { bigint: true }).ino };
    this.#open.add(heirloom);
    const close = () => {
      this.#open.delete(heirloom);
      sign.close();
    };
    return { descriptor, close };
  }

  /** The descriptor of the lock's sign, while the lock is held. Those that are kept in the guard only are younger. */
  get descriptor(): number | null {
    const [oldest] = this.#open;
    return oldest?.descriptor ?? null;
  }

  /** Whether the workers of the lock have it open, as far as is known: a command begins with it. */
  get isInherited(): boolean {
    return this.#isInherited && this.#open.size > 0;
  }

  /** Finds out whether every process of these workers has it open, and returns whether that is news. Some programs close what they did not open, such as sudo. */
  look(workers: readonly Worker[]): boolean {
    const [oldest] = this.#open;
    if (oldest === undefined) return false;
    const probe = new LinuxProbe();
    const pids = workers.flatMap((worker) =>
      typeof worker === 'number' ? [worker] : probe.members(worker.group).map(({ pid }) => pid),
    );
    const isInherited = pids.every((pid) => {
      if (hasOpen(pid, oldest)) return true;
      // What has ended has nothing open.
      const found = probe.look(pid);
      return found === null || isFinished(found);
    });
    const isNews = isInherited !== this.#isInherited;
    this.#isInherited = isInherited;
    return isNews;
  }

  /** Looks from time to time, and names the workers in the lock again if there are news. Returns a function that ends this. */
  watch(lock: Lock, workers: readonly Worker[]): () => void {
    let timer: NodeJS.Timeout;
    const lookIn = (delay: number) => {
      timer = setTimeout(() => {
        // They may have just ended, or the lock be lost; others see that.
        if (this.look(workers)) lock.setWorkers(workers).catch(() => {});
        lookIn(Math.min(delay * 2, LATEST_LOOK));
      }, delay).unref();
    };
    lookIn(FIRST_LOOK);
    return () => clearTimeout(timer);
  }
}

/** `null` if the system has no signs that can be inherited. */
export function makeInheritedSign(): InheritedSign | null {
  const life = systemLife();
  return life?.isMovable === true ? new InheritedSign(life) : null;
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Closing has removed it.
  }
}
