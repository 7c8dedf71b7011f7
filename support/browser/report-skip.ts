import { canBrowse } from './browser.js';

/** Vitest calls this when all tests have run. */
export function teardown(): void {
  if (canBrowse) return;
  process.stderr.write(
    'SKIPPED: the tests of the page of the history, because there is no Chromium on the PATH; `apt-get install chromium` brings it, and CHROMIUM names another browser of that kind.\n',
  );
}
