import { formatDateAndTime } from '../../terminal/local-time.js';
import { durationChart } from './duration-chart.js';
import type { Facts } from './lock-facts.js';
import { LOOKS } from './outcomes.js';
import { runsTable, usualWork } from './runs-table.js';
import { text } from './text.js';

/**
 * One lock: what runs, how long it takes, and each run.
 *
 * @param isOpen Whether the table is shown at first.
 */
export function lockSection(
  facts: Facts,
  lock: number,
  { isOpen, now }: { readonly isOpen: boolean; readonly now: number },
): string {
  const { name, runs } = facts;
  const usual = usualWork(runs);
  const parts = [
    `<h3>${text(name)}</h3>`,
    usual === '' ? '' : `<p class="work">${text(usual)}</p>`,
    `<p>${counts(facts)}</p>`,
    ...(runs.length === 0
      ? []
      : [
          durationChart(facts, lock, now),
          `<details${isOpen ? ' open' : ''}><summary>${runs.length === 1 ? 'The run' : `All ${runs.length.toLocaleString('en')} runs, newest first`}</summary><div class="scrolls" role="region" tabindex="0" aria-label="Runs of ${text(name)}">${runsTable(`Runs of ${name}`, runs, usual)}</div></details>`,
        ]),
  ];
  return `<section class="lock" id="lock-${lock}">${parts.join('')}</section>`;
}

/** `305 succeeded, 5 failed. 3 attempts were skipped since the last run, …` */
function counts({ counts: all, skipsSince, runs }: Facts): string {
  const outcomes = all.map(
    ([outcome, count]) =>
      `<span class="${outcome}">${count.toLocaleString('en')} ${LOOKS[outcome].label}</span>`,
  );
  const ran = runs.length === 0 ? 'No run to show.' : `${outcomes.join(', ')}.`;
  if (skipsSince === null) return ran;
  const { count, last } = skipsSince;
  const skipped =
    count === 1 ? '1 attempt was skipped' : `${count.toLocaleString('en')} attempts were skipped`;
  return `${ran} ${skipped} since the last run, the last one ${formatDateAndTime(last)}.`;
}
