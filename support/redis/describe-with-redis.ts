import { afterAll, beforeAll, describe } from 'vitest';
import { canServeRedis, RedisServer } from './redis-server.js';

if (!canServeRedis) {
  process.stderr.write(
    '\n*** SKIPPED: the tests of locks in Redis, because there is no redis-server on the PATH. ***\n' +
      '    Install it with `apt-get install redis-server` or `brew install redis`.\n\n',
  );
}

/** Defines tests that share a server, which is there when they run. Where there can be none they are counted as skipped. */
export function describeWithRedis(title: string, define: (server: () => RedisServer) => void): void {
  describe.skipIf(!canServeRedis)(title, () => {
    let started: RedisServer | undefined;
    beforeAll(async () => {
      started = await RedisServer.start();
    });
    afterAll(() => started?.end());
    define(() => {
      if (started === undefined) throw new Error('The server has not been started yet.');
      return started;
    });
  });
}
