import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/machine.js';

const PROGRAM = fileURLToPath(new URL('../build/examples/pino-logs.js', import.meta.url));
/** Greater than the PID of any process. */
const DEAD_PID = 2_000_000_000;
const LEVELS = { debug: 20, info: 30, warn: 40 };

it('logs a line for each event', () => {
  const lock = join(temporaryFolder(), 'job.lock');
  writeFileSync(lock, `${DEAD_PID}\n`);

  const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM, lock], { encoding: 'utf8' });

  expect(stderr).toBe('');
  const logged = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(logged).toMatchObject([
    { level: LEVELS.warn, lock, predecessor: { state: 'dead', pid: DEAD_PID } },
    { level: LEVELS.info, lock, waited: expect.any(Number), msg: 'acquired' },
    { level: LEVELS.debug, lock, progress: { ratio: 0.5, note: 'half-way' }, msg: 'heartbeat' },
    { level: LEVELS.info, lock, msg: expect.stringContaining(`${lock} is held by PID `) },
    { level: LEVELS.info, lock, held: expect.any(Number), msg: 'released' },
  ]);
});
