import { acquire, ErrLockBusy } from 'livinglock';
import type { Release, Rival } from './rival.js';

export const livinglock: Rival = {
  kind: 'livinglock',
  name: 'livinglock',

  async acquire(path): Promise<Release | null> {
    try {
      const lock = await acquire(path);
      return () => lock.release();
    } catch (error) {
      if (error instanceof ErrLockBusy) return null;
      throw error;
    }
  },
};
