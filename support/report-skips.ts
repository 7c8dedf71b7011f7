import { canBrowse } from './browser/browser.js';
import { canServeMysql } from './mysql/mysql-server.js';
import { hasPromtool } from './prometheus/promtool.js';
import { canServeRedis } from './redis/redis-server.js';

/** Programs that tests need: whether one is there, and what is said if it is not. */
const PROGRAMS: readonly (readonly [isThere: boolean, text: string])[] = [
  [
    canServeRedis,
    'the tests of locks in Redis, because there is no redis-server on the PATH; `apt-get install redis-server` or `brew install redis` brings it.',
  ],
  [
    canServeMysql,
    'the tests of fences in MariaDB, because there is no mariadbd on the PATH; `apt-get install mariadb-server-core` or `brew install mariadb` brings it.',
  ],
  [
    canBrowse,
    'the tests of the page of the history, because there is no Chromium on the PATH; `apt-get install chromium` brings it, and CHROMIUM names another browser of that kind.',
  ],
  [
    hasPromtool,
    'the tests in which Prometheus reads metrics and alerts, because there is no promtool on the PATH; it is in the package prometheus of Debian and Homebrew.',
  ],
];

/** Vitest calls this when all tests have run. */
export function teardown(): void {
  for (const [isThere, text] of PROGRAMS) if (!isThere) process.stderr.write(`SKIPPED: ${text}\n`);
}
