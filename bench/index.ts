/**
 * What a lock costs, compared with the packages that a user would pick instead. `npm run bench`, or `npm run bench -- --quick`.
 *
 * Everything is measured in one run, in turns, because the times of two runs on a busy machine cannot be
 * compared: read the ratios.
 */

import { describeMachine, describeSoftware } from '../support/figures/machine.js';
import { Progress } from '../support/figures/progress.js';
import { readEffort } from './arguments.js';
import { formatTable } from './comparison-table.js';
import type { Effort } from './effort.js';
import type { Measurement } from './measurement.js';
import { measureAcquireRelease } from './measurements/acquire-release.js';
import { measureAfterDeath } from './measurements/after-death.js';
import { measureBusyAcquire } from './measurements/busy-acquire.js';
import { measureThrottledBeat, measureWrittenBeat } from './measurements/heart-beat.js';
import { openPlaces, type Place } from './place.js';
import { formatTargets } from './targets.js';

const HELP = `Usage: npm run bench [-- --quick]

Measures livinglock beside proper-lockfile, lockfile and the kernel's own lock, on a file system
in memory (where there is one) and on a disk, and prints a table in Markdown. Takes a minute.

  --quick  a few seconds instead, with rough numbers
  --help   this text`;

// Being ended by a signal is an ordinary exit, so that the folders are removed.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const effort = readEffort(HELP);
if (effort !== null) await run(effort);

async function run(effort: Effort): Promise<void> {
  const places = openPlaces();
  const costs: Measurement[][] = [];
  for (const place of places) costs.push(await measureCosts(place, effort));
  const deaths = await measureAfterDeath(places, effort, new Progress('killing holders'));
  Progress.end();

  const results = places.map((place, index) => ({
    place,
    measurements: [...(costs[index] ?? []), ...(deaths[index] ?? [])],
  }));
  console.log(`${formatTable(results)}\n`);
  console.log(`${describeMethod(effort)}\n`);
  console.log(`${describeMachine()}; ${describePlaces(places)}.`);
  console.log(`${describeSoftware()}.`);
  console.log(`${describeDisturbance(costs.flat())}\n`);
  console.log(`Targets, by the medians of this run:\n${formatTargets(results)}`);
}

async function measureCosts(place: Place, effort: Effort): Promise<Measurement[]> {
  const on = place.mount.type;
  return [
    await measureAcquireRelease(place, effort, new Progress(`${on}, acquire + release`)),
    await measureBusyAcquire(place, effort, new Progress(`${on}, busy acquire`)),
    await measureThrottledBeat(place, effort, new Progress(`${on}, throttled heartbeat`)),
    await measureWrittenBeat(place, effort, new Progress(`${on}, written heartbeat`)),
  ];
}

function describeMethod({ rounds, deaths, longDeaths }: Effort): string {
  return (
    `Medians and, in parentheses, quartiles of ${rounds} rounds; after a SIGKILL of ${deaths} holders, with ` +
    `proper-lockfile and lockfile (\`stale: 2000\`) of ${longDeaths}.\n` +
    'A ratio is to the row that says 1, round by round where the two took turns.'
  );
}

/** With the mount options, because some of them, such as `discard`, cost more than the lock. */
function describePlaces(places: readonly Place[]): string {
  return places.map(({ mount }) => [mount.type, mount.options].filter(Boolean).join(' ')).join('; ');
}

function describeDisturbance(measurements: readonly Measurement[]): string {
  const shares = measurements.map(({ others = 0 }) => others);
  const worst = Math.max(...shares);
  const advice = worst > 0.1 ? ' Run it again when the machine has nothing else to do.' : '';
  return `Other processes used at most ${Math.round(worst * 100)} % of the processors during a measurement.${advice}`;
}
