import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nextMessage, startActor, startProgram } from '../support/actors.js';
import { temporaryFolder } from '../support/machine.js';
import { outcomeOf } from '../support/outcomes.js';

const STALE_TIMEOUT = 1500;

test('a job without a single await keeps its lock as long as it beats', async () => {
  const { path, end, job } = await startCrunching('heartbeats');
  const contender = await startActor();
  const contention = performance.now() + 3 * STALE_TIMEOUT;

  let tries = 0;
  for (; performance.now() < contention; tries++) {
    const answer = await contender.ask({ do: 'acquire', path, options: { staleTimeout: STALE_TIMEOUT } });
    expect(outcomeOf(answer)).toBe('busy');
  }
  expect(tries).toBeGreaterThan(100);

  writeFileSync(end, '');
  expect(await nextMessage(job)).toBe('kept its lock');
  expect(outcomeOf(await contender.ask({ do: 'acquire', path }))).toBe('done');
});

test('a job without a single await that does not beat loses its lock, and finds out in the end', async () => {
  const { path, end, job } = await startCrunching('silence');
  const contender = await startActor();

  const options = { staleTimeout: STALE_TIMEOUT, wait: '30s' } as const;
  expect(outcomeOf(await contender.ask({ do: 'acquire', path, options }))).toBe('done');

  writeFileSync(end, '');
  expect(await nextMessage(job)).toBe('ErrLockLost');
  expect(outcomeOf(await contender.ask({ do: 'heartBeat', path }))).toBe('done');
});

async function startCrunching(manner: 'heartbeats' | 'silence') {
  const folder = temporaryFolder();
  const path = join(folder, 'job.lock');
  const end = join(folder, 'end');
  const job = startProgram('crunch', [path, String(STALE_TIMEOUT), manner, end]);
  expect(await nextMessage(job)).toBe('at work');
  return { path, end, job };
}
