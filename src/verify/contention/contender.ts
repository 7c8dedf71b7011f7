import { bootTime } from '../boot-time.js';
import type { Helper } from '../helper/helper.js';
import type { Message } from '../helper/messages.js';
import type { Stay } from './stays.js';

/** One of the processes that want the lock, and what it has said. */
export class Contender {
  readonly pid: number;
  readonly stays: Stay[] = [];
  readonly losses: string[] = [];
  readonly failures: string[] = [];
  turnedAway = 0;
  heartbeats = 0;
  postponed = 0;
  isRunning = true;
  readonly #helper: Helper;
  #inside: { readonly from: number; readonly fencingToken: number } | null = null;
  #killedAt: number | null = null;
  #isStopping = false;

  /** Lets a helper contend for a lock from now on. */
  constructor(helper: Helper, lock: string) {
    this.#helper = helper;
    this.pid = helper.pid;
    helper.onMessage((message) => this.#hear(message));
    void helper.ended.then(() => this.#end());
    helper.tell({ do: 'contend', lock });
  }

  /** Whether it holds the lock, as far as it was heard. */
  get isInside(): boolean {
    return this.#inside !== null;
  }

  /** Resolves when it has ended by itself, holding nothing. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.isRunning) this.#helper.tell({ do: 'stop' });
    await this.#helper.ended;
  }

  /** SIGKILL. Resolves when it is gone, and all that it had said was heard. */
  async kill(): Promise<void> {
    // Before, because afterwards another one may have the lock already.
    this.#killedAt = bootTime();
    this.#helper.kill();
    await this.#helper.ended;
  }

  fail(reason: string): void {
    this.failures.push(reason);
  }

  #hear(message: Message): void {
    switch (message.says) {
      case 'entered':
        this.#inside = { from: message.at, fencingToken: message.fencingToken };
        this.turnedAway += message.turnedAway;
        return;
      case 'left':
        this.heartbeats += message.heartbeats;
        this.#leave(message.at, false);
        return;
      case 'lost':
        this.losses.push(message.reason);
        return;
      case 'postponed':
        this.postponed++;
        return;
      case 'failed':
        this.fail(message.reason);
        return;
      case 'ready':
      case 'saw':
      case 'watching':
      case 'watched':
        return;
    }
  }

  #leave(to: number, wasKilled: boolean): void {
    if (this.#inside === null) return;
    this.stays.push({ pid: this.pid, to, wasKilled, ...this.#inside });
    this.#inside = null;
  }

  /** Only now is it certain that it had not said that it was leaving, before it was killed. */
  #end(): void {
    this.isRunning = false;
    if (this.#killedAt !== null) {
      this.#leave(this.#killedAt, true);
      return;
    }
    // When it died of itself nobody knows; at least it had the lock when it said so.
    if (this.#inside !== null) this.#leave(this.#inside.from, false);
    if (!this.#isStopping) this.fail(`PID ${this.pid} ended unexpectedly`);
  }
}
