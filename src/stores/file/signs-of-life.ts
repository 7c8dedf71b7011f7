import { basename, dirname, join } from 'node:path';
import { isPromise } from '../../core/calls/maybe-async.js';
import { callEvery } from '../../core/calls/repeated-call.js';
import type { Dependencies } from '../../core/options/dependencies.js';
import type { Awaitable, Outcome } from '../../core/store.js';
import type { Life, Sign } from '../../system/signs-of-life/sign-of-life.js';
import type { FileSystem } from './file-system.js';
import { lifePath, lifePrefix } from './guard/guard-names.js';
import type { GuardSection } from './guard/guard-types.js';
import { GuardHeld } from './guard/run-guarded.js';
import { removeSign } from './remove-files.js';

/** Milliseconds from a claim to its sign of life, where others can see the process by its PID. Most jobs that are shorter need none. */
const SOON = 100;

/** A lock, by its path inside the folder that was opened, and its holder. */
export interface Held {
  readonly path: string;
  readonly token: string;
}

interface KeptSign {
  readonly sign: Sign;
  /** The name of its file, beside the lock. */
  readonly name: string;
}

/** The signs of life of the locks that this process holds in files. */
export class Signs {
  readonly #life: Life | null;
  readonly #clock: Dependencies['clock'];
  readonly #fs: FileSystem;
  readonly #kept = new Map<string, KeptSign>();
  /** Those that are due soon, each with what stops waiting for it. */
  readonly #due = new Map<string, () => void>();

  constructor({ life = null, clock }: Pick<Dependencies, 'life' | 'clock'>, fileSystem: FileSystem) {
    this.#life = life;
    this.#clock = clock;
    this.#fs = fileSystem;
  }

  /** Whether a holder keeps its sign before it claims the lock. */
  get comeFirst(): boolean {
    return this.#life !== null && this.#life.when !== 'holding';
  }

  isDue(token: string): boolean {
    return this.#due.has(token);
  }

  /** Claims a lock, in the guard. */
  claim({ path, token }: Held, stay: GuardSection, claim: () => Outcome): Outcome {
    if (!this.comeFirst) return claim();
    this.keep({ path, token }, stay);
    let isDone = false;
    try {
      const outcome = claim();
      isDone = outcome.done;
      return outcome;
    } finally {
      if (!isDone) this.end({ path, token });
    }
  }

  /** Calls the function soon, until it does not fail because the guard is occupied, unless the sign is ended or kept before. */
  plan(token: string, keep: () => void): void {
    if (this.#life?.when !== 'holding') return;
    const stop = callEvery(SOON, this.#clock, () => {
      try {
        keep();
      } catch (error) {
        if (error instanceof GuardHeld) return;
      }
      this.#forget(token);
    });
    this.#due.set(token, stop);
  }

  /** In the guard. */
  keep({ path, token }: Held, stay: GuardSection): void {
    this.#forget(token);
    const prefix = lifePrefix(path, token);
    if (prefix === null) return;
    let name = '';
    const sign = stay.keepSign((numbers) => {
      const life = lifePath(prefix, numbers);
      name = basename(life);
      return life;
    });
    if (sign !== null) this.#kept.set(token, { sign, name });
  }

  /** The name of the sign beside the lock, if it tells that this process lives. */
  nameOf(token: string): string | null {
    const kept = this.#kept.get(token);
    return kept === undefined || kept.sign.isShared === true ? null : kept.name;
  }

  /** The path of the sign, if it is kept. */
  pathOf({ path, token }: Held): string | null {
    const kept = this.#kept.get(token);
    return kept === undefined ? null : join(dirname(path), kept.name);
  }

  /** In the guard. */
  end(held: Held): void {
    const sign = this.pathOf(held);
    this.drop(held.token);
    if (sign !== null) removeSign(this.#fs, sign);
  }

  /** Keeps it no longer if the lock turns out to be lost, with its folder or without. Returns what it was given. */
  dropIfLost(token: string, outcome: Awaitable<Outcome>): Awaitable<Outcome> {
    if (isPromise(outcome)) return outcome.then((settled) => this.dropIfLost(token, settled));
    if (!outcome.done) this.drop(token);
    return outcome;
  }

  /** Keeps it no longer. The file stays. */
  drop(token: string): void {
    this.#forget(token);
    this.#kept.get(token)?.sign.close();
    this.#kept.delete(token);
  }

  #forget(token: string): void {
    this.#due.get(token)?.();
    this.#due.delete(token);
  }
}
