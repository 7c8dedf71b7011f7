import { describeWork, joined } from '../../../core/describe-holder.js';
import type { PastRun } from '../../../history/index.js';
import { tookOf } from '../../terminal/describe-outcome.js';
import { formatDateAndTime } from '../../terminal/local-time.js';
import { exitOf, progressOf } from '../table.js';
import { LOOKS } from './outcomes.js';
import { text } from './text.js';

const COLUMNS: readonly {
  readonly title: string;
  readonly textOf: (run: PastRun, usual: string) => string;
}[] = [
  { title: 'Started', textOf: ({ startedAt }) => formatDateAndTime(startedAt) },
  { title: 'Took', textOf: tookOf },
  { title: 'Outcome', textOf: ({ outcome }) => LOOKS[outcome].label },
  { title: 'Exit', textOf: exitOf },
  { title: 'Skips', textOf: ({ skips }) => (skips === 0 ? '' : String(skips)) },
  { title: 'Progress', textOf: progressOf },
  { title: 'Details', textOf: detailsOf },
];

const TITLES = COLUMNS.map(({ title }) => `<th scope="col">${title}`).join('');

/**
 * The newest run first. End tags are left out where HTML allows it, and so are the last cells of a row if they are empty: there may be 20,000 rows.
 *
 * @param usual What most runs of the lock are.
 */
export function runsTable(caption: string, runs: readonly PastRun[], usual: string): string {
  const rows = runs.map((run) => row(run, usual)).toReversed();
  return `<table class="runs"><caption class="hidden">${text(caption)}</caption><thead><tr>${TITLES}</thead><tbody>
${rows.join('\n')}
</tbody></table>`;
}

function row(run: PastRun, usual: string): string {
  const cells = COLUMNS.map(({ textOf }) => text(textOf(run, usual)));
  while (cells.at(-1) === '') cells.pop();
  return `<tr class=${run.outcome}>${cells.map((cell) => `<td>${cell}`).join('')}`;
}

function detailsOf(run: PastRun, usual: string): string {
  const { attempt, reason, takenOverFrom, isReported, output } = run;
  const work = workOf(run);
  return joined(
    '; ',
    attempt !== null && attempt > 1 && `attempt ${attempt}`,
    reason,
    takenOverFrom && `took over from PID ${takenOverFrom.pid ?? '?'}: ${takenOverFrom.reason}`,
    isReported && 'recorded by a later run',
    work !== usual && work,
    output !== null && `output in ${output}`,
  );
}

/** What most of the runs were: `./backup.sh in /srv/shop, as root on db-1`. Empty if they do not say. It is shown once, and again only where it differs. */
export function usualWork(runs: readonly PastRun[]): string {
  const counts = new Map<string, number>();
  for (const run of runs) {
    const work = workOf(run);
    counts.set(work, (counts.get(work) ?? 0) + 1);
  }
  const [usual] = [...counts].toSorted(([, one], [, other]) => other - one);
  return usual?.[0] ?? '';
}

function workOf(run: PastRun): string {
  const { user, host } = run;
  const by = joined(' ', user !== null && `as ${user}`, host !== null && `on ${host}`);
  return joined(', ', describeWork(run), by);
}
