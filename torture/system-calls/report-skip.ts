import { whyNotHere } from './strace.js';

/** Vitest calls this when all tests have run. */
export function teardown(): void {
  const hindrance = whyNotHere();
  if (hindrance === null) return;
  process.stderr.write(`SKIPPED: the tests in which system calls fail. ${hindrance}\n`);
}
