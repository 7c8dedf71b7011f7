/** The part of `redlock` that the benchmark uses. The version for today's clients comes without types. */
declare module 'redlock' {
  import type { EventEmitter } from 'node:events';
  import type { Redis } from 'ioredis';

  class Redlock extends EventEmitter {
    /** @param options How often to retry a busy lock. */
    constructor(clients: readonly Redis[], options: { readonly retryCount: number });
    /** @param duration Milliseconds. */
    lock(name: string, duration: number): PromiseLike<Redlock.Lock>;
  }

  namespace Redlock {
    class LockError extends Error {}

    interface Lock {
      /** @param duration Milliseconds. */
      extend(duration: number): PromiseLike<unknown>;
      unlock(): PromiseLike<void>;
    }
  }

  export = Redlock;
}
