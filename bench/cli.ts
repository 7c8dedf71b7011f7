/**
 * What it costs to start a job under a lock: cron does it every minute. `npm run bench:cli`.
 *
 * By turns, and as ratios to starting Node alone, as in the other bench.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine, describeSoftware } from '../support/figures/machine.js';
import { Progress } from '../support/figures/progress.js';
import { formatRow } from './comparison-table.js';
import type { Measurement } from './measurement.js';
import { measureByTurns } from './rounds.js';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/livinglock.js', import.meta.url));

/** As under cron: variables such as `NODE_EXTRA_CA_CERTS` make every Node several times slower to start, and so hide the rest. */
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

/** What no program of Node's that starts another one can do without. */
const STARTS_TRUE = `require('node:child_process').spawn('true', { stdio: 'inherit' })`;

/** Milliseconds, except for the rounds. Each turn is one start. */
const EFFORT = { rounds: 50, warmUp: 300, turn: 1, deaths: 0, longDeaths: 0 };

/** The most that a job under a lock is to cost, in starts of Node. */
const TARGET = 1.3;

const folder = mkdtempSync(join(tmpdir(), 'livinglock-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const node = '`node -e 0`';
const measurement: Measurement = {
  title: 'start to end',
  baseline: node,
  ...(await measureByTurns(
    [
      subject(node, process.execPath, '-e', '0'),
      subject('a Node that starts `true`', process.execPath, '-e', STARTS_TRUE),
      subject(
        '`livinglock run -- true`',
        process.execPath,
        PROGRAM,
        'run',
        join(folder, 'job.lock'),
        '--',
        'true',
      ),
      subject('`livinglock --version`', process.execPath, PROGRAM, '--version'),
      ...(has('flock')
        ? [subject('`flock -n … true`', 'flock', '-n', join(folder, 'flock.lock'), 'true')]
        : []),
    ],
    EFFORT,
    new Progress('starting'),
  )),
};
Progress.end();
console.log(
  [
    '|  | start to end | ratio |',
    '| --- | --: | --: |',
    ...measurement.series.map(({ name }) => formatRow(name, measurement)),
  ].join('\n'),
);
console.log(`\nMedians and, in parentheses, quartiles of ${EFFORT.rounds} rounds.`);
console.log(`${describeMachine()}. ${describeSoftware(['livinglock'])}.`);
console.log(
  `Other processes used ${Math.round((measurement.others ?? 0) * 100)} % of the processors, the measured ones included.`,
);
console.log(
  `Aim for livinglock run: at most ${TARGET} times ${node}; what only starts \`true\` is the least there can be.`,
);

function subject(name: string, program: string, ...args: string[]) {
  return {
    name,
    run() {
      const { status, error } = spawnSync(program, args, { stdio: 'ignore', env: ENVIRONMENT });
      if (status !== 0) throw error ?? new Error(`${name} has ended with ${status}`);
    },
  };
}

function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}
