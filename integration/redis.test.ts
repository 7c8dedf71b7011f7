import { describeWithRedis } from '../support/redis/describe-with-redis.js';
import { Scene } from '../support/redis/redis-scene.js';
import { testSharedLocks } from './support/shared-locks.js';

describeWithRedis('locks at one Redis server', (server) => {
  testSharedLocks(async () => {
    const scene = await Scene.open(server());
    return {
      store: ['ioredis', server().url],
      age: async (minutes) => {
        const { heartbeat_at = '' } = await scene.hash();
        await scene.set('heartbeat_at', new Date(Date.parse(heartbeat_at) - minutes * 60_000).toISOString());
      },
    };
  });
});
