export type { IoRedisClient, NodeRedisClient, RedisClient, ScriptOptions } from './client.js';
export { type RedisStoreOptions, redisStore } from './redis-store.js';
