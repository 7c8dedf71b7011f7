/**
 * What locks in databases cost, as ratios to the bare round trip, compared with the packages that a user would pick instead.
 * `npm run bench:stores`, or `npm run bench:stores -- --quick`.
 *
 * Everything that is compared is measured in turns, as in the other bench: read the ratios.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describeMachine, describeSoftware, watchOthers } from '../../support/figures/machine.js';
import { Progress } from '../../support/figures/progress.js';
import { summarize } from '../../support/figures/statistics.js';
import { canServePostgres } from '../../support/postgres/postgres-server.js';
import { canServeRedis } from '../../support/redis/redis-server.js';
import { readEffort } from '../arguments.js';
import type { Effort } from '../effort.js';
import type { Measurement } from '../measurement.js';
import { openPlaces } from '../place.js';
import type { Engine, Field } from './engines/engine.js';
import { openFiles } from './engines/file.js';
import { startPostgres } from './engines/postgres.js';
import { startRedisWithIoRedis, startRedisWithNodeRedis } from './engines/redis.js';
import { openSqlite } from './engines/sqlite.js';
import { measureAcquireRelease } from './measurements/acquire-release.js';
import { measureBusyAcquire } from './measurements/busy-acquire.js';
import { measureCrowd } from './measurements/crowd.js';
import { measureWrittenBeat } from './measurements/written-beat.js';
import { countRoundTrips } from './round-trips.js';
import { formatRoundTrips, formatTimes, type Results } from './tables.js';

const HELP = `Usage: npm run bench:stores [-- --quick]

Measures livinglock in PostgreSQL, Redis, SQLite and a file, beside advisory locks of PostgreSQL,
redlock and @verrou/core, and prints tables in Markdown. It starts servers of its own, and ends
them. Takes two minutes.

  --quick  a few seconds instead, with rough numbers
  --help   this text`;

const PACKAGES = [
  'livinglock',
  'pg',
  'redis',
  'ioredis',
  '@photostructure/sqlite',
  'advisory-lock',
  'redlock',
  '@verrou/core',
];

const MEASUREMENTS = [measureAcquireRelease, measureBusyAcquire, measureWrittenBeat, measureCrowd];

/** How long to measure what else the machine does, before each measurement, in milliseconds. */
const LOOK = 300;

// Being ended by a signal is an ordinary exit, so that the folders and the servers are removed.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const effort = readEffort(HELP);
if (effort !== null) await run(effort);

async function run(effort: Effort): Promise<void> {
  const results: Results[] = [];
  const others: number[] = [];
  for (const start of enginesHere()) {
    await using engine = await start();
    results.push(await measure(engine, effort, others));
  }
  Progress.end();
  console.log(`${formatTimes(results)}\n`);
  console.log(`${formatRoundTrips(results)}\n`);
  console.log(`${describeMethod(effort)}\n`);
  console.log(`${describeMachine()}; ${describeSoftware(PACKAGES)}.`);
  console.log(`${[...new Set(results.map(({ description }) => description))].join('; ')}.`);
  console.log(describeOthers(others));
}

function enginesHere(): (() => Engine | Promise<Engine>)[] {
  if (!canServePostgres) console.error('PostgreSQL is left out: this machine cannot start one.');
  if (!canServeRedis) {
    console.error('Redis is left out: there is no redis-server on the PATH. `apt-get install redis-server`.');
  }
  // The last is the one on a disk.
  const disk = openPlaces().at(-1);
  return [
    ...(canServePostgres ? [startPostgres] : []),
    ...(canServeRedis ? [startRedisWithNodeRedis, startRedisWithIoRedis] : []),
    ...(disk === undefined ? [] : [() => openSqlite(disk.newPath(), disk.mount.type), () => openFiles(disk)]),
  ];
}

async function measure(engine: Engine, effort: Effort, others: number[]): Promise<Results> {
  await using field = await engine.connect();
  return {
    title: engine.title,
    description: engine.description,
    subjects: [field.bare, field.bareWrite, ...field.rivals].flatMap((subject) => subject?.name ?? []),
    measurements: await measureTimes(engine.title, field, effort, others),
    roundTrips: await countIn(engine),
  };
}

async function measureTimes(
  title: string,
  field: Field,
  effort: Effort,
  others: number[],
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const [index, take] of MEASUREMENTS.entries()) {
    others.push(await lookAtOthers());
    const progress = new Progress(`${title}, ${index + 1} of ${MEASUREMENTS.length}`);
    measurements.push(await take(field, effort, progress));
  }
  return measurements;
}

async function countIn(engine: Engine): Promise<Results['roundTrips']> {
  if (engine.connectCounted === undefined) return null;
  await using field = await engine.connectCounted();
  return await countRoundTrips(field);
}

/** Called between measurements: the servers count as other processes, but their work belongs to a measurement. */
async function lookAtOthers(): Promise<number> {
  const shareOfOthers = watchOthers();
  await sleep(LOOK);
  return shareOfOthers();
}

function describeMethod({ rounds }: Effort): string {
  return (
    `Medians and, in parentheses, quartiles of ${rounds} rounds.\n` +
    'A ratio is to the row that says 1, round by round: `SELECT 1`, `PING`, or the reading of a small file.'
  );
}

function describeOthers(shares: readonly number[]): string {
  const [usual = 0, most = 0] = [summarize(shares)?.median, Math.max(...shares)].map((share = 0) =>
    Math.round(share * 100),
  );
  const advice = most > 10 ? ' Run it again when the machine has nothing else to do.' : '';
  return `Between the measurements other processes used ${usual} % of the processors, at most ${most} %.${advice}`;
}
