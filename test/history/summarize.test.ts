import { describe, expect, it } from 'vitest';
import { compacted } from '../../src/history/compaction.js';
import { headerFrom, runLine, skipsLine } from '../../src/history/journal-line.js';
import type { RunOutcome } from '../../src/history/run.js';
import { summarize } from '../../src/history/summarize.js';
import { DAY, MINUTE } from '../../support/world.js';
import { JOB, NOON, someRun } from './some-runs.js';

const OWNER = { lock: JOB, store: null };
const LIMITS = { maxRuns: 1000, maxAge: 90 * DAY };

function at(minutes: number): Date {
  return new Date(NOON.getTime() + minutes * MINUTE);
}

function run(minutes: number, changes: Parameters<typeof someRun>[0] = {}): string {
  return runLine(someRun({ id: `at ${minutes}`, endedAt: at(minutes), ...changes }));
}

function skip(minutes: number): string {
  return skipsLine({ count: 1, first: at(minutes), last: at(minutes) });
}

function history(...lines: readonly string[]) {
  return summarize(OWNER, lines.join(''), 1000);
}

/** The lines after the first, when the journal is compacted at minute 100. */
function kept(lines: readonly string[], limits = {}): string[] {
  const text = compacted(OWNER, lines.join(''), { ...LIMITS, ...limits }, at(100));
  return text.split(/(?<=\n)/).slice(1);
}

describe('a journal', () => {
  it('lists its runs, and counts what was skipped since the run before', () => {
    const { runs, skips } = history(run(0), skip(1), skip(2), run(3), run(4), skip(5), skip(6), skip(7));
    expect(runs.map(({ skips }) => skips)).toEqual([0, 2, 0]);
    expect(skips).toEqual({ count: 3, first: at(5), last: at(7) });
  });

  it('has nothing to say at first', () => {
    expect(history()).toEqual({ ...OWNER, runs: [], skips: null, usualDuration: null, unreadable: 0 });
  });

  it('shows the last runs, but counts the skips before them', () => {
    const { runs } = summarize(OWNER, [run(0), skip(1), run(2), run(3)].join(''), 2);
    expect(runs).toMatchObject([{ id: 'at 2', skips: 1 }, { id: 'at 3' }]);
  });

  it('ignores a last line that has no end yet', () => {
    const whole = run(0);
    for (let length = 1; length < whole.length; length++)
      expect(history(run(1), whole.slice(0, length))).toMatchObject({
        runs: [{ id: 'at 1' }],
        unreadable: 0,
      });
  });

  it('shows what can be read, and counts the rest', () => {
    const { runs, unreadable } = history(run(0), 'garbage\n', '\n', '{"later":"version"}\n', run(1));
    expect(runs).toHaveLength(2);
    expect(unreadable).toBe(2);
  });

  it('believes the run itself, and not the one that found it dead', () => {
    const reported = run(0, { id: 'x', outcome: 'killed', isReported: true });
    const own = run(1, { id: 'x', outcome: 'lost' });
    for (const lines of [
      [reported, own],
      [own, reported],
      [reported, own, reported],
    ])
      expect(history(...lines).runs.map(({ outcome }) => outcome)).toEqual(['lost']);
    expect(history(reported, reported).runs).toHaveLength(1);
    expect(history(run(0, { id: null }), run(1, { id: null })).runs).toHaveLength(2);
  });

  it('believes an attempt only about itself, if the run went on after it', () => {
    const attempt = (number: number, minutes: number) =>
      run(minutes, { id: 'x', outcome: 'failed', attempt: number });
    const reported = run(3, { id: 'x', outcome: 'killed', isReported: true });
    const outcomes = (...lines: readonly string[]) => history(...lines).runs.map(({ outcome }) => outcome);
    expect(outcomes(attempt(1, 0), attempt(2, 2), reported)).toEqual(['failed', 'failed', 'killed']);
    expect(kept([attempt(1, 0), reported, skip(4)])).toEqual([attempt(1, 0), reported, skip(4)]);
    // It was frozen, and has ended itself.
    expect(outcomes(attempt(1, 0), reported, attempt(2, 4))).toEqual(['failed', 'failed']);
    // It had ended, but could not release its lock.
    expect(outcomes(attempt(1, 0), attempt(2, 4), reported)).toEqual(['failed', 'failed']);
  });

  it('is read from its end, and no further than needed', () => {
    const runs = Array.from({ length: 30 }, (_, index) => run(index));
    const text = ['garbage\n', skip(0), ...runs, 'garbage\n'].join('');
    expect(summarize(OWNER, text, 5)).toMatchObject({ runs: { length: 5 }, unreadable: 1 });
    expect(summarize(OWNER, text, 30)).toMatchObject({
      runs: [{ skips: 1 }, ...runs.slice(1).map(() => ({ skips: 0 }))],
      unreadable: 2,
    });
  });

  it('does not count more skips than a number can hold', () => {
    const many = skipsLine({ count: Number.MAX_SAFE_INTEGER, first: at(0), last: at(0) });
    expect(history(many, skip(1)).skips?.count).toBe(Number.MAX_SAFE_INTEGER);
    expect(history('{"skips":1e300,"first":"2026-11-26","last":"2026-11-26"}\n').skips).toBeNull();
  });

  it('knows how long a run usually takes', () => {
    const took = (duration: number, outcome: RunOutcome = 'succeeded') =>
      run(duration, { duration, outcome });
    expect(history(took(1), took(100), took(3)).usualDuration).toBe(3);
    expect(history(took(1), took(3)).usualDuration).toBe(2);
    expect(history(took(1), took(7, 'failed'), took(9, 'killed')).usualDuration).toBe(1);
    const slow = Array.from({ length: 30 }, (_, index) => took(index));
    expect(history(...slow).usualDuration).toBe(19.5);
  });
});

describe('compacting a journal', () => {
  it('keeps each line of a run as it is, a later version’s too', () => {
    const lines = [run(0).replace('{', '{"cpu":12,'), '{"later":"version"}\n', run(1)];
    expect(kept(lines)).toEqual(lines);
  });

  it('makes one line of skips that follow each other', () => {
    expect(kept([skip(1), skip(2), run(3), skip(4), 'garbage\n', skip(5)])).toEqual([
      skipsLine({ count: 2, first: at(1), last: at(2) }),
      run(3),
      skipsLine({ count: 2, first: at(4), last: at(5) }),
    ]);
  });

  it('drops garbage, and reports that are not needed any more', () => {
    expect(kept([run(0, { isReported: true }), 'garbage\n', run(0)])).toEqual([run(0)]);
  });

  it('keeps the last runs, with what was skipped before each', () => {
    const lines = [skip(0), run(1), skip(2), skip(3), run(4), run(5)];
    expect(kept(lines, { maxRuns: 2 })).toEqual([
      skipsLine({ count: 2, first: at(2), last: at(3) }),
      run(4),
      run(5),
    ]);
    expect(kept(lines, { maxRuns: 1 })).toEqual([run(5)]);
  });

  /** As many as are kept whatever the clock said. */
  const last = Array.from({ length: 20 }, (_, index) => run(100 + index));

  it('drops what is too old, except for the last runs', () => {
    const lines = [run(0), skip(1), run(2), ...last, skip(130)];
    expect(kept(lines, { maxAge: MINUTE })).toEqual(lines.slice(3));
    expect(kept([run(0), run(1)], { maxAge: MINUTE })).toEqual([run(0), run(1)]);
  });

  it('goes on before a run that ended while the clock was wrong, and leaves out only that', () => {
    const lines = [run(0), skip(1), run(-1e7), skip(2), run(3), run(1e7), skip(4), run(5)];
    expect(kept([...lines, ...last], { maxAge: 1000 * MINUTE })).toEqual(
      [...lines, ...last].filter((_, index) => ![1, 2].includes(index)),
    );
    expect(kept(lines, { maxRuns: 2 })).toEqual(lines.slice(5));
  });

  it('keeps no more lines of another version than runs', () => {
    const later = Array.from({ length: 5 }, (_, index) => `{"later":${index}}\n`);
    expect(kept([run(0), ...later, run(1)], { maxRuns: 3 })).toEqual([run(0), ...later.slice(2), run(1)]);
    expect(kept([...later, run(0), run(1)], { maxRuns: 1 })).toEqual([run(1)]);
  });

  it('says in the first line what is left', () => {
    const lines = [run(10), skip(20), run(30)];
    const text = compacted(OWNER, lines.join(''), LIMITS, at(100));
    expect(headerFrom(text.split('\n')[0] ?? '')).toEqual({
      ...OWNER,
      keptBytes: lines.join('').length,
      oldest: at(10),
    });
    const old = compacted(OWNER, run(0), { ...LIMITS, maxAge: MINUTE }, at(100));
    expect(headerFrom(old.split('\n')[0] ?? '')).toMatchObject({ oldest: at(99) });
  });
});
