import { describeWithRedis } from '../support/redis/describe-with-redis.js';
import { testSharedLocks } from './support/shared-locks.js';
import { redisLocks } from './support/shared-stores.js';

describeWithRedis('locks at one Redis server', (server) => {
  testSharedLocks(() => redisLocks(server()));
});
