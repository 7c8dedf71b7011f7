import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { acquire, breakLock, inspect, tryWithLock, withLock } from '../../src/index.js';
import { temporaryFolder } from '../../support/world.js';

it.each<[string, (path: string) => Promise<string>]>([
  ['acquire', nameOfAcquired],
  ['withLock', (path) => withLock(path, ({ name }) => name)],
  ['tryWithLock', async (path) => (await tryWithLock(path, ({ name }) => name)).value ?? ''],
  ['inspect', async (path) => (await inspect(path)).name],
  ['breakLock', async (path) => (await breakLock(path)).name],
])('%s takes a relative path from the working folder at the time of the call', async (_, call) => {
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(temporaryFolder());
  const path = join(process.cwd(), 'job.lock');

  const name = call('job.lock');
  process.chdir(before);

  expect(await name).toBe(path);
});

async function nameOfAcquired(path: string): Promise<string> {
  await using lock = await acquire(path);
  return lock.name;
}
