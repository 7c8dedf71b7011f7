import { describeWithServer } from '../describe-with-server.js';
import { canServeRedis, RedisServer } from './redis-server.js';

if (!canServeRedis) {
  process.stderr.write(
    '\n*** SKIPPED: the tests of locks in Redis, because there is no redis-server on the PATH. ***\n' +
      '    Install it with `apt-get install redis-server` or `brew install redis`.\n\n',
  );
}

/** Defines tests that share a Redis server. */
export function describeWithRedis(title: string, define: (server: () => RedisServer) => void): void {
  describeWithServer(title, canServeRedis, () => RedisServer.start(), define);
}
