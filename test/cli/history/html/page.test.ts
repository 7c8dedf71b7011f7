import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { factsOf } from '../../../../src/cli/history/html/lock-facts.js';
import { formatRate } from '../../../../src/cli/history/html/summary-table.js';
import { text } from '../../../../src/cli/history/html/text.js';
import { HOUR, MINUTE, SECOND } from '../../../../support/world.js';
import { lockOf, NOON, pageOf, runOf } from './some-locks.js';

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const RUNS = [
  runOf({ ago: 5 * HOUR, duration: 10 * MINUTE }),
  runOf({ ago: 4 * HOUR, duration: 12 * MINUTE }, { skips: 2 }),
  runOf({ ago: 3 * HOUR, duration: 90 * SECOND, outcome: 'failed' }, { exitCode: 4, reason: 'because' }),
  runOf({ ago: 2 * HOUR, duration: 11 * MINUTE }, { progress: null }),
];
const SKIPS = { count: 3, first: new Date(NOON.getTime() - HOUR), last: NOON };

/** The text of the cells of the rows of tables. */
function rowsIn(page: string): string[][] {
  return [...page.matchAll(/<tr\b[^>]*>([\s\S]*?)(?=<\/tr|<\/thead|\n)/g)].map(([, row = '']) =>
    row
      .split(/<t[hd]\b[^>]*>/)
      .slice(1)
      .map((cell) => cell.replaceAll(/<[^>]*>/g, '').trim()),
  );
}

describe('the numbers on the page', () => {
  it('are those of the history', () => {
    const page = pageOf([lockOf(RUNS, { skips: SKIPS, usualDuration: 11 * MINUTE })]);
    expect(page).toContain('<title>What ran on db-1, 2026-11-26 12:00:00</title>');
    expect(page).toContain('1 lock, 4 runs. Times are local times in UTC (now UTC+00:00).');
    expect(page).toContain('3 attempts were skipped since the last run, the last one 2026-11-26 12:00:00.');
    expect(rowsIn(page)).toEqual(
      [
        ['Lock', 'Last run', 'Outcome', 'Runs', 'Succeeded', 'Usually took', 'Longest', 'Skips'],
        ['/srv/backup.lock', '2026-11-26 10:00:00', 'succeeded', '4', '75 %', '11m (10m to 12m)', '12m', '5'],
        ['Started', 'Took', 'Outcome', 'Exit', 'Skips', 'Progress', 'Details'],
        ['2026-11-26 10:00:00', '11m', 'succeeded', '0'],
        ['2026-11-26 09:00:00', '1m 30s', 'failed', '4', '', '100 %  done', 'because'],
        ['2026-11-26 08:00:00', '12m', 'succeeded', '0', '2', '100 %  done'],
        ['2026-11-26 07:00:00', '10m', 'succeeded', '0', '', '100 %  done'],
      ].map((row) => row.map((cell) => cell.replaceAll(/ {2}/g, ' '))),
    );
    expect(page).toContain('<p class="work">./backup.sh --all in /srv/shop, as batch on db-1</p>');
    const times = /id="times">(.*?)</.exec(page)?.[1] ?? '';
    expect(JSON.parse(times)).toEqual([
      RUNS.flatMap(({ startedAt, duration }) => [startedAt.getTime() / 1000, duration / 1000]),
    ]);
  });

  it('say which attempt it was, if the command was repeated', () => {
    const attempts = [1, 2].map((attempt) =>
      runOf(
        { ago: (3 - attempt) * HOUR, duration: SECOND, outcome: 'failed' },
        { attempt, reason: 'because', progress: null },
      ),
    );
    const rows = rowsIn(pageOf([lockOf(attempts)])).slice(-2);
    expect(rows.map((row) => row.at(-1))).toEqual(['attempt 2; because', 'because']);
  });

  it('never round a failure away', () => {
    expect([1, 0.9999, 0.5, 0].map(formatRate)).toEqual(['100 %', '99.9 %', '50 %', '0 %']);
  });

  it('give the usual range of the last 20 runs that succeeded', () => {
    const runs = Array.from({ length: 30 }, (_, index) =>
      runOf({ ago: (40 - index) * HOUR, duration: index * 1000 }),
    );
    const failed = runOf({ ago: HOUR, duration: 0, outcome: 'failed' });
    const { usual } = factsOf(lockOf([...runs, failed], { usualDuration: 19_500 }));
    expect(usual).toEqual({ low: 11_000, median: 19_500, high: 27_000 });
  });

  it('do not exist without runs', () => {
    expect(pageOf([])).toContain('No runs to show.');
    const page = pageOf([lockOf([], { skips: SKIPS })]);
    expect(rowsIn(page)[1]).toEqual(['/srv/backup.lock', '–', '–', '0', '–', '–', '–', '3']);
    expect(page).not.toContain('NaN');
  });

  it('leave out runs of the future only in the timeline', () => {
    const page = pageOf([lockOf([...RUNS, runOf({ ago: -100 * HOUR, duration: 1 })])]);
    expect(page).toContain('1 run started in the future');
    expect(page).toContain('/srv/backup.lock: 4 runs, 1 did not succeed');
  });
});

/** Names of elements and attributes. A text that opens a tag, or ends an attribute, would change them. */
function structureOf(page: string): string {
  const tags = page.replaceAll(/<(style|script)\b[^>]*>[\s\S]*?<\/\1>/g, '<$1>').match(/<[^>]*>/g) ?? [];
  return tags.map((tag) => tag.replaceAll(/="[^"]*"/g, '')).join('');
}

const HOSTILE = [
  '</script>',
  '<!--',
  '<img src=x onerror=alert(1)>',
  '"',
  "'",
  '&lt;',
  '&#60;',
  '\0',
  '\u202e',
  ']]>',
  '\n',
  '`',
  '\ud800',
];

describe('any text in a run', () => {
  const anything = fc
    .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' })))
    .map((parts) => `x${parts.join('')}x`);

  const pageWith = (its: string) => {
    const texts = { command: its, cwd: its, host: its, user: its, signal: its, reason: its, output: its };
    const takenOverFrom = { id: its, pid: 1, host: its, state: 'dead', reason: its } as const;
    const progress = { ratio: 0.5, note: its };
    const run = runOf(
      { ago: HOUR, duration: 1, outcome: 'ended-by-signal' },
      { ...texts, takenOverFrom, progress },
    );
    return pageOf([lockOf([run, { ...run, command: `other ${its}` }], { lock: its, store: its })]);
  };

  it('never opens a tag, nor ends an attribute', () => {
    const neutral = structureOf(pageWith('xx'));
    expect(neutral).toContain('<section class id>');
    fc.assert(
      fc.property(anything, (its) => {
        expect(structureOf(pageWith(its))).toBe(neutral);
      }),
      { numRuns: 50 },
    );
  });

  it('has no characters that hide or reorder others', () => {
    fc.assert(
      fc.property(anything, (its) => {
        expect(text(its)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069<>"']/u);
      }),
    );
    expect(text('a\0b\u202ec & "d"\n')).toBe('a\ufffdb\ufffdc &amp; &quot;d&quot;');
  });
});

describe('the page', () => {
  it('allows itself to run its own script, and nothing else', () => {
    const page = pageOf([lockOf(RUNS)]);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1];
    const hash = (element: string) => {
      const content = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(page)?.[1] ?? '';
      return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
    };
    expect(policy).toBe(
      `default-src 'none'; style-src ${hash('style')}; script-src ${hash('script')}; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(/\b(?:src|href)="(?!#)|url\(|@import|\bstyle="|\bon\w+="/);
  });

  it('tells each outcome by a glyph as well', () => {
    const page = pageOf([lockOf([...RUNS, runOf({ ago: HOUR, duration: 5, outcome: 'killed' })])]);
    expect(page).toContain('<use href="#g-failed" class="failed"');
    expect(page).toContain('<use href="#g-killed" class="killed"');
  });
});
