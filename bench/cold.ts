/**
 * What a job costs that starts, takes a lock, releases it and ends. `npm run bench:cold`.
 *
 * By turns, and as ratios to starting Node alone, as in the other bench.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeMachine, describeSoftware } from '../support/figures/machine.js';
import { Progress } from '../support/figures/progress.js';
import { formatRow } from './comparison-table.js';
import type { Measurement } from './measurement.js';
import { measureByTurns } from './rounds.js';

/** As under cron: variables such as `NODE_EXTRA_CA_CERTS` make every Node several times slower to start, and so hide the rest. */
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

/** Milliseconds, except for the rounds. Each turn is one start. */
const EFFORT = { rounds: 100, warmUp: 300, turn: 1, deaths: 0, longDeaths: 0 };

const folder = mkdtempSync(join(tmpdir(), 'livinglock-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const path = JSON.stringify(join(folder, 'job.lock'));
const empty = 'an empty module';
const measurement: Measurement = {
  title: 'start to end',
  baseline: empty,
  ...(await measureByTurns(
    [
      subject(empty, 'empty', ''),
      subject(
        'livinglock',
        'livinglock',
        `import { acquire } from '${urlOf('livinglock')}';
        const lock = await acquire(${path});
        await lock.release();`,
      ),
      subject(
        'proper-lockfile',
        'proper-lockfile',
        `import lockfile from '${urlOf('proper-lockfile')}';
        const release = await lockfile.lock(${path}, { realpath: false });
        await release();`,
      ),
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
console.log(`${describeMachine()}. ${describeSoftware(['livinglock', 'proper-lockfile'])}.`);
console.log(
  `Other processes used ${Math.round((measurement.others ?? 0) * 100)} % of the processors, the measured ones included.`,
);
console.log('Aim for livinglock: less than proper-lockfile.');

function subject(name: string, file: string, text: string) {
  const program = join(folder, `${file}.mjs`);
  writeFileSync(program, text);
  return {
    name,
    run() {
      const { status, error } = spawnSync(process.execPath, [program], { stdio: 'ignore', env: ENVIRONMENT });
      if (status !== 0) throw error ?? new Error(`${name} has ended with ${status}`);
    },
  };
}

/** The program stands elsewhere, where no package is found by its name. */
function urlOf(name: string): string {
  return pathToFileURL(createRequire(import.meta.url).resolve(name)).href;
}
