import type { Clock } from '../../system/clock.js';
import type { Awaitable, Store } from '../store.js';
import { isPromise } from './maybe-async.js';

/** The part of a store that only reads. */
export type Reader = Pick<Store, 'read' | 'askHolder'>;

/** What a call rejects with. `isInDoubt`: whether the operation that it waited for may change the lock. */
type Reason = (isInDoubt: boolean) => unknown;

interface Waiting {
  /** Called if the limit comes first. */
  readonly abandon?: () => void;
  /** Whether the operation may change the lock. Default: `false`. */
  readonly isInDoubt?: boolean;
}

/** Aborting without a reason would create an error. */
const LIFTED = 'lifted';

/**
 * Ends a call that waits for something that may never answer: when its `signal` aborts, or its time is over. The operation itself cannot be
 * ended, and its answer may come later.
 */
export class CallLimit {
  readonly #liftSignal: () => void;
  #reason: Reason | null = null;
  /** Set while an operation is in flight; a call has one at a time. */
  #interrupt: ((reason: Reason) => void) | null = null;
  #timer: AbortController | null = null;
  #controller: AbortController | null = null;

  constructor(signal: AbortSignal | undefined) {
    this.#liftSignal =
      signal === undefined ? () => {} : onAbort(signal, () => this.#endWith(() => signal.reason));
  }

  /** Also ends the call after that many milliseconds. */
  endAfter(milliseconds: number, clock: Clock, reason: Reason): void {
    this.#timer = new AbortController();
    const { signal } = this.#timer;
    clock
      .sleep(milliseconds, { signal })
      // Answers that arrived while the process was busy are handled first.
      .then(() => clock.sleep(0, { signal }))
      .then(
        () => this.#endWith(reason),
        () => {},
      );
  }

  /** From now on only the signal ends the call. */
  liftTime(): void {
    this.#timer?.abort(LIFTED);
  }

  /** The call is over. */
  lift(): void {
    this.liftTime();
    this.#liftSignal();
  }

  /** Aborts when the call ends. Each call has its own: an operation may listen to it for as long as it likes. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== null) this.#controller.abort(LIFTED);
    return this.#controller.signal;
  }

  throwIfOver(): void {
    if (this.#reason !== null) throw this.#reason(false);
  }

  /** What the operation returns, unless the limit comes first. Nothing changes for an answer that is there already. */
  until<T>(operation: Awaitable<T>, { abandon, isInDoubt = false }: Waiting = {}): Awaitable<T> {
    if (!isPromise(operation)) return operation;
    return new Promise<T>((resolve, reject) => {
      const interrupt = (reason: Reason) => {
        reject(reason(isInDoubt));
        abandon?.();
      };
      this.#interrupt = interrupt;
      // At once, so that nothing comes between an answer and the call that gets it.
      const settled =
        <A>(settle: (answer: A) => void) =>
        (answer: A) => {
          if (this.#interrupt === interrupt) this.#interrupt = null;
          settle(answer);
        };
      operation.then(settled(resolve), settled(reject));
      // The answer may have come at once.
      if (this.#reason !== null && this.#interrupt === interrupt) interrupt(this.#reason);
    });
  }

  /** Sleeps for that many milliseconds, within the limit. */
  async sleep(milliseconds: number, clock: Clock): Promise<void> {
    const waking = new AbortController();
    const { signal } = waking;
    await this.until(clock.sleep(milliseconds, { signal }), { abandon: () => waking.abort(LIFTED) });
  }

  /** Reads from a store, within the limit. */
  reader(store: Store): Reader {
    const read = (name: string) => this.until(store.read(name));
    const ask = store.askHolder?.bind(store);
    if (ask === undefined) return { read };
    return { read, askHolder: async (name, holder) => this.until(ask(name, holder)) };
  }

  #endWith(reason: Reason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#controller?.abort(LIFTED);
    const interrupt = this.#interrupt;
    this.#interrupt = null;
    interrupt?.(reason);
  }
}

interface Listening {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const listeners = new WeakMap<AbortSignal, Listening>();

/**
 * Calls the function when the signal aborts, until the returned function is called. All callers share one listener, because Node warns of a leak if
 * one signal has more than ten: a program may acquire many locks at a time that one signal ends.
 */
function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const listening = listeners.get(signal) ?? listenTo(signal);
  const { callbacks, listener } = listening;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || listeners.get(signal) !== listening) return;
    signal.removeEventListener('abort', listener);
    listeners.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>();
  const listener = () => {
    for (const callback of callbacks) callback();
  };
  const listening = { callbacks, listener };
  listeners.set(signal, listening);
  signal.addEventListener('abort', listener, { once: true });
  return listening;
}
