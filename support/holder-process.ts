import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const living = new Set<HolderProcess>();

// Before the folders are removed, because a holder that is just starting would create them again.
process.prependOnceListener('exit', () => {
  for (const holder of living) holder.kill();
});

/** Another process that holds a lock. It ends with this one, however this one ends. */
export class HolderProcess {
  readonly path: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  /**
   * @param program Takes the lock, sends a message, and holds it until it is killed.
   * @param args Its arguments; the last one is the path.
   */
  constructor(program: string, path: string, args: readonly string[] = []) {
    this.path = path;
    this.#child = fork(program, [...args, path], { execArgv: [] });
    living.add(this);
    this.#exit = once(this.#child, 'exit').finally(() => living.delete(this));
  }

  /** Resolves once it holds the lock. */
  async held(): Promise<void> {
    const ended = this.#exit.then(() => {
      throw new Error(`The process that should hold ${this.path} has ended.`);
    });
    await Promise.race([once(this.#child, 'message'), ended]);
  }

  /** Sends SIGKILL. Returns the time, by `performance.now()`. */
  kill(): number {
    const moment = performance.now();
    this.#child.kill('SIGKILL');
    return moment;
  }

  /** Resolves once the process has ended and its parent has been told. */
  async exit(): Promise<void> {
    await this.#exit;
  }

  /** For a holder that is no longer needed. */
  async end(): Promise<void> {
    this.kill();
    await this.#exit;
  }
}
