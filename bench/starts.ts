import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine, describeSoftware } from '../support/figures/machine.js';
import { Progress } from '../support/figures/progress.js';
import { formatRow } from './comparison-table.js';
import type { Measurement } from './measurement.js';
import { measureByTurns, type Subject } from './rounds.js';

// What programs take from their start to their end: by turns, and as ratios to the first of them.

/** As under cron: variables such as `NODE_EXTRA_CA_CERTS` make every Node several times slower to start, and so hide the rest. */
const { PATH, HOME } = process.env;

/** A folder that is removed when this process ends. */
export function benchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'livinglock-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  return folder;
}

export function startOf(name: string, program: string, ...args: readonly string[]): Subject {
  return startIn({}, name, program, ...args);
}

/** The same, with more in the environment. */
export function startIn(
  more: NodeJS.ProcessEnv,
  name: string,
  program: string,
  ...args: readonly string[]
): Subject {
  return {
    name,
    run() {
      const { status, error } = spawnSync(program, args, { stdio: 'ignore', env: { PATH, HOME, ...more } });
      if (status !== 0) throw error ?? new Error(`${name} has ended with ${status}`);
    },
  };
}

/** Measures the programs and prints a table; each turn is one start. */
export async function compareStarts(
  subjects: readonly [Subject, ...Subject[]],
  { rounds, packages }: { readonly rounds: number; readonly packages: readonly string[] },
): Promise<void> {
  const effort = { rounds, warmUp: 300, turn: 1, deaths: 0, longDeaths: 0 };
  const turns = await measureByTurns(subjects, effort, new Progress('starting'));
  const measurement: Measurement = { title: 'start to end', baseline: subjects[0].name, ...turns };
  Progress.end();
  const rows = measurement.series.map(({ name }) => formatRow(name, measurement));
  console.log(['|  | start to end | ratio |', '| --- | --: | --: |', ...rows].join('\n'));
  console.log(`\nMedians and, in parentheses, quartiles of ${rounds} rounds.`);
  console.log(`${describeMachine()}. ${describeSoftware(packages)}.`);
  console.log(
    `Other processes used ${Math.round((measurement.others ?? 0) * 100)} % of the processors, the measured ones included.`,
  );
}
