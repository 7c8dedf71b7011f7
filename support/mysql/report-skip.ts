import { canServeMysql } from './mysql-server.js';

/** Vitest calls this when all tests have run. */
export function teardown(): void {
  if (canServeMysql) return;
  process.stderr.write(
    'SKIPPED: the tests of fences in MariaDB, because there is no mariadbd on the PATH; `apt-get install mariadb-server-core` or `brew install mariadb` brings it.\n',
  );
}
