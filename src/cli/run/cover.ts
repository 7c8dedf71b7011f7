import { existsSync } from 'node:fs';
import { isatty } from 'node:tty';
import { systemLife } from '../../system/life/system.js';
import { Keeper, SHELL } from './keeper.js';
import type { ProcessGroup } from './process-group.js';
import { SharedSign } from './shared-sign.js';
import { LAST_OF_SHELL } from './start.js';

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

  /** @param descriptors Those that the command gets from this process. */
  constructor(descriptors: readonly number[]) {
    const life = systemLife();
    this.#kind = life?.when === 'entering' ? kindIn(descriptors) : 'nothing';
    if (life !== null && this.#kind === 'keeper') this.life = new SharedSign(life);
  }

  /** Whether the command must not begin before {@link begin} is done. */
  get comesFirst(): boolean {
    return this.#kind === 'keeper';
  }

  /** Whether the sign outlasts everything that is named as a worker now. */
  get isThere(): boolean {
    return this.#kind === 'container' || this.#keeper !== null;
  }

  /** If it cannot be had, a dead runner proves nothing to other containers. */
  async begin({ named: [group] }: ProcessGroup): Promise<void> {
    const sign = this.life?.descriptor ?? null;
    if (sign === null || typeof group !== 'object') return;
    this.#keeper = await Keeper.start(group.group, sign);
  }

  async end(): Promise<void> {
    await this.#keeper?.end();
    this.#keeper = null;
  }
}

function kindIn(descriptors: readonly number[]): Kind {
  if (process.pid === 1) return 'container';
  // On a terminal the command has no group of its own.
  const isOnTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  // The gate at which the command waits takes one.
  const hasFree = descriptors.filter((number) => number <= LAST_OF_SHELL).length < LAST_OF_SHELL - 2;
  return !isOnTerminal && hasFree && existsSync(SHELL) ? 'keeper' : 'nothing';
}
