import { describeWithServer } from '../describe-with-server.js';
import { canServeRedis, RedisServer } from './redis-server.js';

/** Defines tests that share a Redis server. */
export function describeWithRedis(title: string, define: (server: () => RedisServer) => void): void {
  describeWithServer(title, canServeRedis, () => RedisServer.start(), define);
}
