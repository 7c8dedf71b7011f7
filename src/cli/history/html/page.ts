import { createHash } from 'node:crypto';
import { OUTCOMES } from '../../../history/run.js';
import { formatDateAndTime, formatOffset } from '../../terminal/local-time.js';
import { type Facts, factsOf, type ShownLock, sum } from './lock-facts.js';
import { lockSection } from './lock-section.js';
import { glyph, glyphDefinitions, LOOKS } from './outcomes.js';
import { SCRIPT, timesOf } from './script.js';
import { style } from './style.js';
import { summaryTable } from './summary-table.js';
import { text } from './text.js';
import { timeline } from './timeline.js';
import { isInFuture, type View, viewsOf } from './views.js';

/** By this line a page is told from files of others, which are never replaced. */
export const FIRST_LINE = '<!doctype html><!-- livinglock history -->';

/** Up to so many runs, their tables are open. */
const FEW = 100;

/** Where and when a page is made. */
interface Making {
  readonly now: Date;
  readonly host: string;
  readonly user: string | null;
  /** By its name: `Europe/Berlin`. */
  readonly timeZone: string;
  readonly version: string;
}

/** A page of HTML that needs nothing else, and that a browser allows to load nothing else. */
export function historyPage(shown: readonly ShownLock[], making: Making): string {
  const locks = shown.map(factsOf);
  const runs = locks.flatMap((lock) => lock.runs);
  const now = making.now.getTime();
  const views = runs.length === 0 ? [] : viewsOf(runs, now);
  const sheet = style(views.map(({ id }) => id));
  const title = text(`What ran on ${making.host}`);
  const isOpen = runs.length <= FEW;
  const sections = locks.map((facts, lock) => lockSection(facts, lock, { isOpen, now }));
  const future = runs.filter((run) => isInFuture(run, now)).length;
  return `${FIRST_LINE}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${hashOf(sheet)}; script-src ${hashOf(SCRIPT)}; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}, ${formatDateAndTime(making.now)}</title>
<style>${sheet}</style>
</head>
<body>
${glyphDefinitions()}
<header><h1>${title}</h1>
<p class="quiet">${introduction(locks.length, runs.length, making)}</p>${future === 0 ? '' : `<p>${countOf(future, 'run')} started in the future, because a clock was wrong: shown only in the table.</p>`}${unreadable(shown)}</header>
<main>
${runs.length === 0 ? '<p>No runs to show.</p>' : charts(locks, views)}
${locks.length === 0 ? '' : summaryTable(locks)}
${locks.length === 0 ? '' : `<h2>Durations and runs</h2>${CHART_HELP}<div class="locks">${sections.join('\n')}</div>`}
</main>
<div id="card" aria-hidden="true" hidden></div>
<script type="application/json" id="times">${timesOf(locks)}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** Allows what has exactly this text (CSP, 'sha256-…'). */
function hashOf(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}

function introduction(locks: number, runs: number, { now, user, timeZone, version }: Making): string {
  const whose = user === null ? '' : ` of ${text(user)}`;
  return (
    `The history${whose} in livinglock ${text(version)}, as of <strong>${formatDateAndTime(now)}</strong>: ${countOf(locks, 'lock')}, ` +
    `${countOf(runs, 'run')}. Times are local times in ${text(timeZone)} (now UTC${formatOffset(now)}).`
  );
}

function unreadable(shown: readonly ShownLock[]): string {
  const lines = sum(shown.map(({ history }) => history.unreadable));
  return lines === 0
    ? ''
    : `<p>${countOf(lines, 'line')} of the history cannot be read: cut off by a crash, or written by another version.</p>`;
}

function charts(locks: readonly Facts[], views: readonly View[]): string {
  const occurred = new Set(locks.flatMap(({ counts }) => counts.map(([outcome]) => outcome)));
  const items = OUTCOMES.filter((outcome) => occurred.has(outcome)).map((outcome) =>
    legendItem(glyph(outcome, 7, 7), LOOKS[outcome].label),
  );
  if (locks.some(({ skips }) => skips > 0)) {
    items.push(
      legendItem(
        '<g class="skips"><line x1="7" x2="7" y1="3" y2="11"/></g>',
        'skipped, at the end of the run that was in the way',
      ),
    );
  }
  return `${timeline(locks, views)}<ul class="legend">${items.join('')}</ul>
<p class="quiet help">Point at a run for its details. With the keyboard: Left and Right go to other runs, Up and Down to other locks, Enter to the table.</p>`;
}

function legendItem(symbol: string, label: string): string {
  return `<li><svg width="14" height="14" aria-hidden="true">${symbol}</svg>${label}</li>`;
}

const CHART_HELP =
  '<p class="quiet">How long each run took. Shaded: the middle 80 % of the last 20 that succeeded; dashed: their median. A triangle at the top: a run too long for the chart.</p>';

/** `1 run`, `20,000 runs` */
function countOf(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
