import type { Redis } from 'ioredis';
import Redlock from 'redlock';
import { DURATION, type Held, type Rival } from './rival.js';

/** With one server, and without the tries that follow one that found the lock busy. */
export function redlock(client: Redis): Rival {
  const locks = new Redlock([client], { retryCount: 0 });
  // It takes a server that fails for one that has not agreed.
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
