import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { marksOf, pathOf, segmentsOf, thinned } from '../../../../src/cli/history/html/lane.js';
import { percent, positionOf, WIDTH } from '../../../../src/cli/history/html/scale.js';
import type { OUTCOMES } from '../../../../src/history/run.js';
import { NOON, runOf } from './some-locks.js';

/** One unit is one second. */
const PERIOD = { from: NOON.getTime() - WIDTH * 1000, to: NOON.getTime() };

const second = (at: number, lasting: number) => runOf({ ago: (WIDTH - at) * 1000, duration: lasting * 1000 });

describe('a scale', () => {
  it('maps a period to the width of the plot', () => {
    expect(positionOf(PERIOD.from, PERIOD)).toBe(0);
    expect(positionOf(NOON.getTime() - 250_000, PERIOD)).toBe(750);
    expect(percent(123.45)).toBe('12.3%');
    expect(positionOf(5, { from: 5, to: 5 })).toBe(WIDTH / 2);
  });
});

describe('a lane', () => {
  it('has a bar for each run, and joins what cannot be told apart', () => {
    const runs = [second(100, 50), second(200, 0), second(201, 0), second(500, 100)];
    expect(segmentsOf(runs, PERIOD)).toEqual([
      { from: 100, to: 150, isMerged: false },
      { from: 200, to: 202.5, isMerged: true },
      { from: 500, to: 600, isMerged: false },
    ]);
  });

  it('cuts off what is outside of the period', () => {
    const runs = [second(-300, 100), second(-50, 100), second(950, 100), second(1100, 10)];
    expect(segmentsOf(runs, PERIOD)).toEqual([
      { from: 0, to: 50, isMerged: false },
      { from: 950, to: 1000, isMerged: false },
    ]);
  });

  it('has few bars, however many runs there are, and covers each of them', () => {
    const times = fc.array(
      fc.tuple(fc.double({ min: 0, max: 990, noNaN: true }), fc.double({ min: 0, max: 300, noNaN: true })),
    );
    fc.assert(
      fc.property(times, (all) => {
        const runs = all
          .toSorted(([one], [other]) => one - other)
          .map(([at, lasting]) => second(at, lasting));
        const segments = segmentsOf(runs, PERIOD);
        expect(segments.length).toBeLessThanOrEqual(WIDTH / 2);
        for (const { startedAt, endedAt } of runs) {
          const [from, to] = [startedAt, endedAt].map((time) => positionOf(time.getTime(), PERIOD));
          const within = segments.some(
            (each) => each.from <= (from ?? 0) && each.to >= Math.min(to ?? 0, WIDTH),
          );
          expect(within).toBe(true);
        }
      }),
    );
  });

  it('marks what did not succeed, of those too close the one that is last in the list of outcomes', () => {
    const at = (ago: number, outcome: (typeof OUTCOMES)[number]) =>
      runOf({ ago: ago * 1000, duration: 0, outcome });
    const runs = [
      at(900, 'failed'),
      at(895, 'killed'),
      at(880, 'failed'),
      at(500, 'succeeded'),
      at(100, 'lost'),
    ];
    expect(marksOf(runs, PERIOD)).toEqual([
      { at: 105, outcome: 'killed', isMore: false },
      { at: 900, outcome: 'lost', isMore: false },
      { at: 120, outcome: 'failed', isMore: true },
    ]);
  });

  it('thins what is too dense', () => {
    expect(thinned([5, 0, 1, 9, 4], 4)).toEqual([0, 4, 9]);
  });

  it('is drawn as lines', () => {
    expect(pathOf([{ from: 1.04, to: 3, isMerged: false }], 16)).toBe('M1 16h2');
  });
});
