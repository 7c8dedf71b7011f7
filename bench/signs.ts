/**
 * What a sign of life costs. `npm run bench:signs`; in a container, where each process keeps one: `unshare --pid --fork --mount-proc npm run
 * bench:signs`, as root on Linux.
 */
import { type AcquireOptions, acquire, type Store } from 'livinglock';
import { fileStore } from 'livinglock/file';
import { describeMachine, describeSoftware } from '../support/figures/machine.js';
import { Progress } from '../support/figures/progress.js';
import { readEffort } from './arguments.js';
import { formatTable } from './comparison-table.js';
import type { Effort } from './effort.js';
import type { Measurement } from './measurement.js';
import { openPlaces, type Place } from './place.js';
import { measureByTurns } from './rounds.js';

const HELP = `Usage: npm run bench:signs [-- --quick]

Measures locks with and without signs of life, on a file system in memory (where there is one) and on a disk.

  --quick  a few seconds instead, with rough numbers
  --help   this text`;

const WITHOUT = 'without a sign of life';
const WITH = 'as usual';

/** Those that are compared. */
const stores: readonly { readonly name: string; readonly store: Store }[] = [
  { name: WITH, store: fileStore() },
  { name: WITHOUT, store: fileStore({ life: null }) },
];

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const effort = readEffort(HELP);
if (effort !== null) {
  const results = [];
  for (const place of openPlaces()) results.push({ place, measurements: await measure(place, effort) });
  Progress.end();
  console.log(`${formatTable(results)}\n\n${describeMachine()}.\n${describeSoftware()}.`);
}

async function measure(place: Place, effort: Effort): Promise<Measurement[]> {
  const progress = new Progress(place.mount.type);
  const take = stores.map(({ name, store }) => {
    const path = place.newPath();
    return { name, run: () => hold(path, { store }) };
  });
  const acquireRelease = await measureByTurns(take, effort, progress);

  const options = { heartbeatMinimalInterval: 0 };
  const locks = await Promise.all(
    stores.map(async ({ name, store }) => ({
      name,
      lock: await acquire(place.newPath(), { ...options, store }),
    })),
  );
  try {
    const beats = locks.map(({ name, lock }) => ({ name, run: () => lock.heartBeat() }));
    const beat = await measureByTurns(beats, effort, progress);
    return [
      { title: 'acquire + release', baseline: WITHOUT, ...acquireRelease },
      { title: 'written heartbeat', baseline: WITHOUT, ...beat },
    ];
  } finally {
    await Promise.all(locks.map(({ lock }) => lock.release()));
  }
}

async function hold(path: string, options: AcquireOptions): Promise<void> {
  const lock = await acquire(path, options);
  await lock.release();
}
