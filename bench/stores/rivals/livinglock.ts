import { acquire, ErrLockBusy, type Store } from 'livinglock';
import type { Held, Rival } from './rival.js';

/** livinglock, with every heartbeat written. */
export function livinglock(store: Store): Rival {
  return {
    name: 'livinglock',
    async acquire(name): Promise<Held | null> {
      try {
        const lock = await acquire(name, { store, heartbeatMinimalInterval: 0 });
        return { beat: () => lock.heartBeat(), release: () => lock.release() };
      } catch (error) {
        if (error instanceof ErrLockBusy) return null;
        throw error;
      }
    },
  };
}
