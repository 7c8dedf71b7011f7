import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/machine.js';

const PROGRAM = fileURLToPath(new URL('../build/examples/open-telemetry.js', import.meta.url));
/** Of no process: a PID has at most 22 bits on Linux, and fewer elsewhere. */
const DEAD_PID = 2_000_000_000;

it('exports a span for each time the lock is held, and metrics', () => {
  const lock = join(temporaryFolder(), 'job.lock');
  writeFileSync(lock, `${DEAD_PID}\n`);

  const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM, lock], { encoding: 'utf8' });

  expect(stderr).toMatch(/was lost/);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const common = { 'livinglock.lock': lock };
  const once = { count: 1 };
  expect(lines.filter(({ span }) => span !== undefined)).toMatchObject([
    { attributes: { ...common, 'livinglock.predecessor': 'dead' }, events: ['heartbeat'], status: 0 },
    { attributes: common, events: ['exception'], status: 2 },
  ]);
  expect(lines.filter(({ metric }) => metric !== undefined)).toMatchObject([
    { metric: 'livinglock.waited', attributes: common, value: { count: 2 } },
    { metric: 'livinglock.skipped', attributes: common, value: 1 },
    { metric: 'livinglock.takeovers', attributes: { 'livinglock.predecessor': 'dead' }, value: 1 },
    { metric: 'livinglock.heartbeat.interval', attributes: common, value: once },
    { metric: 'livinglock.lost', attributes: common, value: 1 },
    { metric: 'livinglock.held', attributes: common, value: once },
  ]);
});
