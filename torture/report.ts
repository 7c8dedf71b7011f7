import { realpathSync } from 'node:fs';
import { describeMachine, describeSoftware } from '../bench/machine.js';
import { mountOf } from '../bench/mount.js';
import { formatNumber } from '../bench/report.js';
import type { Strikes } from './chronicle.js';
import type { TortureOptions } from './options.js';
import { findFaults, findOverlaps } from './rules.js';
import type { Ordeal } from './run.js';
import { type Succession, summarizeSuccession } from './succession.js';

const PACKAGES = ['livinglock', 'proper-lockfile', 'write-file-atomic', 'fs-native-extensions'];
/** One is enough to be alarmed; the others may help. */
const MOST_FAULTS = 10;

/** A text for people, and whether all that must hold did. */
export interface Report {
  readonly text: string;
  readonly holds: boolean;
}

export function report(options: TortureOptions, { chronicle, aftermath }: Ordeal): Report {
  const { stays, failures, kills, stops, busy, occupied } = chronicle;
  const overlaps = findOverlaps(stays, options.staleTimeout);
  const legitimate = overlaps.filter(({ fault }) => fault === null).length;
  const met = stays.filter(({ metSomebody }) => metSomebody).length;
  const faults = [
    ...overlaps.map(({ fault }) => fault).filter((fault) => fault !== null),
    ...findFaults(stays, overlaps, options.staleTimeout),
    ...[...failures].map(([failure, times]) => (times > 1 ? `${failure} (${times} times)` : failure)),
    ...(stays.length === 0 ? ['nobody has acquired the lock'] : []),
    ...(aftermath?.after ?? []).map((file) => `left behind: ${file}`),
  ];
  const lines: readonly (readonly [string, string])[] = [
    ['options', describeOptions(options)],
    ['acquisitions', `${stays.length}, ${formatNumber(stays.length / options.seconds)} a second`],
    ['busy answers', `${busy}; ${occupied} heartbeats and releases told to call again (EBUSY)`],
    ['crashes', describeStrikes(kills)],
    ['stops', describeStrikes(stops)],
    [
      'overlaps',
      `${overlaps.length}, ${legitimate} of them legitimate takeovers; ${met} seen by the kernel's lock`,
    ],
    ['locks lost', `${stays.filter(({ end }) => end === 'lost').length}`],
    ['after a death', describeSuccession(summarizeSuccession(stays))],
    ['', 'from SIGKILL of a holder until the next acquire resolves; those turned away ask every 5 ms or so'],
    [
      'files left',
      aftermath === null
        ? 'unknown'
        : `${aftermath.after.length}, ${aftermath.before.length} before a last takeover`,
    ],
    ['machine', `${describeMachine()}; ${describeMount(options.folder)}`],
    ['versions', describeSoftware(PACKAGES)],
    ['faults', String(faults.length)],
  ];
  const table = lines.map(([name, text]) => `${name.padEnd(14)}${text}`);
  return { text: [...table, ...listFaults(faults)].join('\n'), holds: faults.length === 0 };
}

/** As they would be typed. */
function describeOptions({
  processes,
  seconds,
  kill,
  stop,
  seed,
  staleTimeout,
  breakage,
}: TortureOptions): string {
  const broken = breakage === '' ? '' : ` --breakage ${breakage}`;
  return (
    `--processes ${processes} --seconds ${seconds} --kill ${kill} --stop ${stop} --seed ${seed} ` +
    `--stale-timeout ${staleTimeout}${broken}`
  );
}

function describeStrikes({ outside, atCall, inGuard }: Strikes): string {
  return `${outside + atCall}: ${outside} from outside, ${atCall} at a call of the library, ${inGuard} of these in the guard`;
}

function describeSuccession({ deaths, median, p99, max }: Succession): string {
  if (deaths === 0) return 'no holder died';
  const [middle, late, latest] = [median, p99, max].map((milliseconds) => `${formatNumber(milliseconds)} ms`);
  return `median ${middle}, p99 ${late}, max ${latest} of ${deaths} holders`;
}

function describeMount(folder: string): string {
  const { type, options } = mountOf(realpathSync(folder));
  return [type, options].filter(Boolean).join(' ');
}

function listFaults(faults: readonly string[]): string[] {
  const more = faults.length - MOST_FAULTS;
  return [
    ...faults.slice(0, MOST_FAULTS).map((fault) => `  ${fault}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
