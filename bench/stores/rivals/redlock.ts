import type { Redis } from 'ioredis';
import Redlock from 'redlock';
import { DURATION, type Held, type Rival } from './rival.js';

/** With one server, and without retries when the lock is busy. */
export function redlock(client: Redis): Rival {
  const locks = new Redlock([client], { retryCount: 0 });
  // It treats a server that fails like one that did not agree.
  locks.on('clientError', (error) => {
    throw error;
  });
  return {
    name: 'redlock',
    async acquire(name): Promise<Held | null> {
      try {
        const lock = await locks.lock(`redlock:${name}`, DURATION);
        return { beat: async () => lock.extend(DURATION), release: async () => lock.unlock() };
      } catch (error) {
        if (error instanceof Redlock.LockError) return null;
        throw error;
      }
    },
  };
}
