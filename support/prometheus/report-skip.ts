import { hasPromtool } from './promtool.js';

/** Vitest calls this when all tests have run. */
export function teardown(): void {
  if (hasPromtool) return;
  process.stderr.write(
    'SKIPPED: the tests in which Prometheus reads metrics and alerts, because there is no promtool on the PATH; it is in the package prometheus of Debian and Homebrew.\n',
  );
}
