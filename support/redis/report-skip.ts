import { canServeRedis } from './redis-server.js';

/** Vitest calls this when all tests have run. */
export function teardown(): void {
  if (canServeRedis) return;
  process.stderr.write(
    'SKIPPED: the tests of locks in Redis, because there is no redis-server on the PATH; `apt-get install redis-server` or `brew install redis` brings it.\n',
  );
}
