import { existsSync } from 'node:fs';
import { isatty } from 'node:tty';
import { systemLife } from '../../system/life/system.js';
import type { InheritedSocket } from './inherited-socket.js';
import { Keeper, SHELL } from './keeper.js';
import type { ProcessGroup } from './process-group.js';
import { SharedSign } from './shared-sign.js';

/**
 * What makes the lock's sign of life last as long as the command, even if the runner is killed.
 *
 * - `container`: the runner is its first process. When that ends, the kernel ends everything in the container (pid_namespaces(7)).
 * - `keeper`: a {@link Keeper}.
 * - `nothing`: to other containers, the death of the runner proves nothing about the command.
 */
type Kind = 'container' | 'keeper' | 'nothing';

/** Makes the lock's sign of life last as long as the command. */
export class Cover {
  readonly #kind: Kind;
  /** The signs of life for the store, if they are not just the system's. */
  readonly life: SharedSign | undefined;
  #keeper: Keeper | null = null;
  #isTold = false;

  constructor() {
    const life = systemLife();
    this.#kind = life?.when === 'entering' ? kindHere() : 'nothing';
    if (life !== null && this.#kind === 'keeper') this.life = new SharedSign(life);
  }

  /** Whether the sign outlasts everything that this process starts: it starts no command without. */
  get isThere(): boolean {
    return this.#kind !== 'nothing';
  }

  /** Whether the sign outlasts everything that is named as a worker now. */
  get isOfWorkers(): boolean {
    return this.#kind === 'container' || this.#isTold;
  }

  /** Must be called with the lock, and before the command is started. */
  async begin(socket: InheritedSocket | null): Promise<void> {
    const sign = this.life?.descriptor ?? null;
    if (sign !== null) this.#keeper = await Keeper.start(sign, socket?.inode ?? 0n);
  }

  /** Must be called as soon as the command is started. */
  tell({ named: [group] }: ProcessGroup): void {
    if (this.#keeper === null || typeof group !== 'object') return;
    this.#keeper.tell(group.group);
    this.#isTold = true;
  }

  async end(): Promise<void> {
    await this.#keeper?.end();
    this.#keeper = null;
  }
}

function kindHere(): Kind {
  if (process.pid === 1) return 'container';
  // On a terminal the command has no group of its own.
  const isOnTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  return !isOnTerminal && existsSync(SHELL) ? 'keeper' : 'nothing';
}
