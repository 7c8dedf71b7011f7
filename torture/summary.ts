import { realpathSync } from 'node:fs';
import { describeMachine, describeSoftware } from '../support/figures/machine.js';
import { mountOf } from '../support/figures/mount.js';
import { formatNumber } from '../support/figures/statistics.js';
import type { Aftermath } from './aftermath.js';
import type { Chronicle, Strikes } from './chronicle.js';
import type { TortureOptions } from './options.js';
import type { Overlap } from './rules.js';
import type { Ordeal } from './run.js';
import type { Stay } from './stay.js';
import { type Succession, summarizeSuccession } from './succession.js';
import type { Verdict } from './verdict.js';

const PACKAGES = ['livinglock', 'proper-lockfile', 'write-file-atomic', 'fs-native-extensions'];
/** How many faults to show. One is enough to be alarmed; the others may help. */
const MOST_FAULTS = 10;

/** A text for people, one fact in a line. */
export function formatReport(
  options: TortureOptions,
  { chronicle, aftermath }: Ordeal,
  { overlaps, faults }: Verdict,
): string {
  const { stays, kills, stops } = chronicle;
  const facts: readonly (readonly [string, string])[] = [
    ['options', describeOptions(options)],
    ['seed', String(options.seed)],
    ['acquisitions', `${stays.length} (${formatNumber(stays.length / options.seconds)} a second)`],
    ['busy answers', describeBusy(chronicle)],
    ['crashes', describeStrikes(kills)],
    ['stops', describeStrikes(stops)],
    ['namespaces', describeNamespaces(options, chronicle)],
    ['commands', describeCommands(chronicle)],
    ['overlaps', describeOverlaps(overlaps, stays)],
    ['locks lost', `${stays.filter(({ end }) => end === 'lost').length}, which their holders have learnt`],
    ['after a death', describeSuccession(options, stays)],
    ['files left', describeAftermath(aftermath)],
    ['machine', `${describeMachine()}; ${describeMount(options.folder)}`],
    ['versions', describeSoftware(PACKAGES)],
    ['faults', faults.length === 0 ? '0: all that must hold did' : String(faults.length)],
  ];
  return [...facts.map(([name, text]) => `${name.padEnd(14)}${text}`), ...listFaults(faults)].join('\n');
}

/** As options of a command line. */
function describeOptions(options: TortureOptions): string {
  const { processes, commands, namespaces, seconds, kill, stop, staleTimeout, breakage } = options;
  const broken = breakage === '' ? '' : ` --breakage ${breakage}`;
  return `--processes ${processes} --commands ${commands} --namespaces ${namespaces} --seconds ${seconds} --kill ${kill} --stop ${stop} --stale-timeout ${staleTimeout}${broken}`;
}

function describeBusy({ busy, occupied }: Chronicle): string {
  return `${busy}; and ${occupied} heartbeats or releases had to call again (EBUSY)`;
}

function describeStrikes({ outside, atCall, inGuard }: Strikes): string {
  return (
    `${outside + atCall}: ${outside} at a random moment, ${atCall} at a call that changes the lock, ` +
    `${inGuard} of these in the guard`
  );
}

function describeNamespaces(
  { namespaces }: TortureOptions,
  { namespaces: { killed, processes } }: Chronicle,
): string {
  return namespaces === 0 ? 'none of their own' : `${killed} killed, with ${processes} processes in them`;
}

/** How many commands worked under the lock, and what was done to them. */
function describeCommands({ stays, runStrikes, unnamedGroups }: Chronicle): string {
  const commands = stays.filter(({ holder }) => holder === 'command');
  const left = commands.filter(({ end }) => end === 'killed').length;
  const strikes = [...runStrikes]
    .toSorted()
    .map(([name, times]) => `\n  ${String(times).padStart(5)} ${name}`);
  return `${commands.length} at work, ${left} of them without their runner in the end, ${unnamedGroups} before their group was in the record${strikes.join('')}`;
}

function describeOverlaps(overlaps: readonly Overlap[], stays: readonly Stay[]): string {
  const legitimate = overlaps.filter(({ fault }) => fault === null).length;
  const met = stays.filter(({ metSomebody }) => metSomebody).length;
  return `${overlaps.length}: ${legitimate} legitimate takeovers, ${overlaps.length - legitimate} without right; ${met} seen by the kernel's lock`;
}

function describeSuccession({ namespaces }: TortureOptions, stays: readonly Stay[]): string {
  const all = summarizeSuccession(stays);
  if (all.deaths === 0) return 'no holder died';
  const within = summarizeSuccession(stays, (dead, next) => dead.namespace === next.namespace);
  const between = summarizeSuccession(stays, (dead, next) => dead.namespace !== next.namespace);
  const details =
    namespaces === 0 ? [] : [['in one namespace', within] as const, ['to another one', between] as const];
  return (
    `${describeWaits(all)}, ` +
    'from their SIGKILL, or the end of a command without its runner, until the next acquire resolved ' +
    '(each tries every 5 ms, unless it rests or is stopped)' +
    details.map(([name, waits]) => `\n  ${name}: ${describeWaits(waits)}`).join('')
  );
}

function describeWaits({ deaths, median, p99, max }: Succession): string {
  const [middle, late, latest] = [median, p99, max].map((milliseconds) => `${formatNumber(milliseconds)} ms`);
  return deaths === 0 ? 'no holder' : `median ${middle}, p99 ${late}, max ${latest} of ${deaths} holders`;
}

function describeAftermath(aftermath: Aftermath | null): string {
  if (aftermath === null) return 'unknown';
  return `${aftermath.after.length} (${aftermath.before.length} before one last takeover)`;
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
