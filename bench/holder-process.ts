import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Rival } from './rivals/rival.js';

const PROGRAM = fileURLToPath(new URL('./holder.js', import.meta.url));

const living = new Set<Holder>();

// Before the folders go, or a holder that is only just starting would make them again.
process.prependOnceListener('exit', () => {
  for (const holder of living) holder.kill();
});

/** Another process that holds a lock. It ends with this one, however this one ends. */
export class Holder {
  readonly rival: Rival;
  readonly path: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  private constructor(rival: Rival, path: string) {
    this.rival = rival;
    this.path = path;
    this.#child = fork(PROGRAM, [rival.family, path], { execArgv: [] });
    living.add(this);
    this.#exit = once(this.#child, 'exit').finally(() => living.delete(this));
  }

  /** Resolves once it holds the lock. */
  static async start(rival: Rival, path: string): Promise<Holder> {
    const holder = new Holder(rival, path);
    const ended = holder.#exit.then(() => {
      throw new Error(`The process that was to hold ${path} with ${rival.name} has ended.`);
    });
    await Promise.race([once(holder.#child, 'message'), ended]);
    return holder;
  }

  /** Sends SIGKILL; gives the moment, by `performance.now()`. */
  kill(): number {
    const moment = performance.now();
    this.#child.kill('SIGKILL');
    return moment;
  }

  /** Resolves once the process has ended and its parent has been told. */
  async exit(): Promise<void> {
    await this.#exit;
  }

  /** For a holder that has served. */
  async end(): Promise<void> {
    this.kill();
    await this.#exit;
  }
}
