import { Verrou } from '@verrou/core';
import { redisStore } from '@verrou/core/drivers/redis';
import type { Redis } from 'ioredis';
import { DURATION, type Held, type Rival } from './rival.js';

/** In Redis, because for a database it needs a query builder, Knex or Kysely. */
export function verrou(connection: Redis): Rival {
  const locks = new Verrou({ default: 'redis', stores: { redis: { driver: redisStore({ connection }) } } });
  return {
    name: '@verrou/core',
    async acquire(name): Promise<Held | null> {
      const lock = locks.createLock(`verrou:${name}`, DURATION);
      if (!(await lock.acquireImmediately())) return null;
      return { beat: () => lock.extend(), release: () => lock.release() };
    },
  };
}
