/** What the benchmark uses of `redlock`, which comes without types in the version that speaks to today's clients. */
declare module 'redlock' {
  import type { EventEmitter } from 'node:events';
  import type { Redis } from 'ioredis';

  class Redlock extends EventEmitter {
    /** @param options How often a lock that is busy is asked for once more. */
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
