import { formatTook } from '../../terminal/age.js';
import { formatDateAndTime } from '../../terminal/local-time.js';
import { type Facts, greatest, type UsualRange } from './lock-facts.js';
import { LOOKS } from './outcomes.js';
import { text } from './text.js';

const TITLES = ['Lock', 'Last run', 'Outcome', 'Runs', 'Succeeded', 'Usually took', 'Longest', 'Skips'];

/** One line for each lock. */
export function summaryTable(locks: readonly Facts[]): string {
  const rows = locks.map((facts, lock) => row(facts, lock));
  return `<section aria-labelledby="summary"><h2 id="summary">Summary</h2><div class="scrolls" role="region" tabindex="0" aria-labelledby="summary"><table class="summary"><thead><tr>${TITLES.map((title) => `<th scope="col">${title}</th>`).join('')}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div></section>`;
}

function row({ name, runs, usual, skips }: Facts, lock: number): string {
  const last = runs.at(-1);
  const succeeded = runs.filter(({ outcome }) => outcome === 'succeeded').length;
  const cells = [
    last && formatDateAndTime(last.startedAt),
    last && `<span class="${last.outcome}">${LOOKS[last.outcome].label}</span>`,
    runs.length.toLocaleString('en'),
    last && formatRate(succeeded / runs.length),
    usual && formatUsual(usual),
    last && formatTook(greatest(runs.map(({ duration }) => duration))),
    skips > 0 && skips.toLocaleString('en'),
  ].map((cell) => `<td>${cell || '–'}</td>`);
  return `<tr><th scope="row"><a href="#lock-${lock}">${text(name)}</a></th>${cells.join('')}</tr>`;
}

/** In percent, never rounded up to 100: one failure in 10,000 is one. */
export function formatRate(rate: number): string {
  return `${Math.floor(rate * 1000) / 10} %`;
}

/** `4m 12s (3m 50s to 5m)` */
function formatUsual({ low, median, high }: UsualRange): string {
  const [from, to] = [formatTook(low), formatTook(high)];
  return from === to
    ? formatTook(median)
    : `${formatTook(median)} <span class="range">(${from} to ${to})</span>`;
}
