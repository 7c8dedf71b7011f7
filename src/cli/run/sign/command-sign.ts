import { isatty } from 'node:tty';
import type { Life, Lock, Worker } from '../../../index.js';
import { messageOf } from '../../../system/message-of.js';
import { systemLife } from '../../../system/signs-of-life/system.js';
import { say } from '../../terminal/messages.js';
import type { ProcessGroup } from '../processes/process-group.js';
import type { InheritedSocket } from './inherited-socket.js';
import { Keeper, type KeeperOptions } from './keeper.js';

/** The first process of a container. When it ends, the kernel ends all others in it (pid_namespaces(7)). */
const FIRST = 1;

const CONSEQUENCE = 'If this container is killed, runs in other containers wait until the lock is stale.';

/** What is needed of a {@link Keeper}. */
type OwnKeeper = Pick<Keeper, 'tell' | 'isRunning' | 'ended' | 'end'>;
type StartKeeper = (options: KeeperOptions) => Promise<OwnKeeper>;

/** Makes the lock's sign of life last as long as the command, in a container, by a {@link Keeper}. */
export class CommandSign {
  /** The signs of life for the store. Left out if they are just the system's: then the death of the runner proves nothing about the command. */
  readonly life: Life | undefined;
  /** The descriptors of the signs that are kept, in the order in which they were begun. */
  readonly #kept = new Set<number>();
  readonly #isFirst = process.pid === FIRST;
  readonly #startKeeper: StartKeeper;
  #keeper: OwnKeeper | null = null;
  #lock: Lock | null = null;
  #isTold = false;
  /** Whether this process is alone: nothing is left of one command, and the next is not yet to be started. */
  #isBetween = false;

  /** @param life The system's signs of life. */
  constructor(life: Life | null = systemLife(), startKeeper: StartKeeper = Keeper.start) {
    this.#startKeeper = startKeeper;
    // On a terminal the command has no group of its own.
    const hasGroup = [0, 1, 2].every((descriptor) => !isatty(descriptor));
    if (life?.when === 'entering' && (this.#isFirst || hasGroup)) this.life = shared(life, this.#kept);
  }

  /** Whether the sign will outlast everything that this process starts: it starts nothing before {@link begin} is done. */
  get willCoverCommand(): boolean {
    return this.life !== undefined;
  }

  /** Whether the sign outlasts everything that is named as a worker now. */
  get coversWorkersNow(): boolean {
    if (this.#isBetween) return this.willCoverCommand;
    return this.#keeper?.isRunning === true && (this.#isFirst || this.#isTold);
  }

  /**
   * Must be called before the command is started. If no keeper can be started, the lock names this process; the sign then says nothing about
   * the command. Returns whether one was started.
   */
  async begin(lock: Lock, socket: InheritedSocket | null, descriptors: readonly number[]): Promise<boolean> {
    this.#isBetween = false;
    // That of the lock. Those that are kept in the guard only are younger.
    const [sign] = this.#kept;
    if (sign === undefined) return false;
    this.#lock = lock;
    try {
      this.#keeper = await this.#startKeeper({
        sign,
        socket: socket?.name ?? '',
        token: lock.token,
        descriptors,
      });
      return true;
    } catch (error) {
      say(`Cannot start a process that keeps the lock's sign of life: ${messageOf(error)}. ${CONSEQUENCE}`);
      await lock.setWorkers([process.pid]);
      return false;
    }
  }

  /** Must be called as soon as the command is started. */
  tell({ named }: ProcessGroup): void {
    const [group] = named;
    const keeper = this.#keeper;
    if (keeper === null || typeof group !== 'object') return;
    keeper.tell(group.group);
    this.#isTold = true;
    void keeper.ended.then(() => this.#nameAgain(keeper, named));
  }

  async end(): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = null;
    this.#isTold = false;
    this.#isBetween = true;
    await keeper?.end();
  }

  /** Without its keeper the sign tells nothing about the command. The lock may still say that it does. */
  async #nameAgain(keeper: OwnKeeper, workers: readonly Worker[]): Promise<void> {
    if (this.#keeper !== keeper) return;
    say(`The process that keeps the lock's sign of life has ended. ${CONSEQUENCE}`);
    // What is lost or has ended needs no name.
    await this.#lock?.setWorkers(workers).catch(() => {});
  }
}

/** Signs of life that another process shares. Those that are kept are added to the set. */
function shared(life: Life, kept: Set<number>): Life {
  return {
    when: life.when,
    isMovable: life.isMovable,
    needsLocalFiles: life.needsLocalFiles,
    ask: (path, expected) => life.ask(path, expected),
    keep(path) {
      const sign = life.keep(path);
      const descriptor = sign?.descriptor ?? null;
      if (sign === null || descriptor === null) return sign;
      kept.add(descriptor);
      const close = () => {
        kept.delete(descriptor);
        sign.close();
      };
      return { descriptor, isShared: true, close };
    },
  };
}
