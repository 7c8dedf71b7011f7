import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../src/core/options/options.js';
import { type AcquireOptions, type Duration, toDuration } from '../../../src/index.js';

describe('a duration', () => {
  const GOOD = [
    '0ms',
    '500ms',
    '90s',
    '5m',
    '1.5h',
    '.5h',
    '2 hours',
    '1 day',
    '3 WEEKS',
    '2Y',
  ] as const satisfies readonly Duration[];

  it.each(GOOD)('is accepted as text: %s', (text) => {
    expect(toDuration(text)).toBe(text);
  });

  it('of nothing needs no unit', () => {
    expect(toDuration('0')).toBe(0);
  });

  it.each([
    ['30', /'30' has no unit: write '30s' for seconds, or '30ms' for milliseconds/],
    ['1.5 ', /'1.5s' .* '1.5ms'/],
    ['', /'' is not a duration: write a number and a unit, such as '90s'/],
    ['5 parsecs', /'5 parsecs' is not a duration/],
    ['s', /'s' is not a duration/],
    ['1h30m', /'1h30m' is not a duration: .+ or '2h'\. Write 90m instead of 1h30m\.$/],
    ['1 hour 30 minutes ', /Write 90minutes instead of 1 hour 30 minutes\.$/],
    ['1d 30m', /Write 1470m instead/],
    ['1m1h', /Write 3660000ms instead/],
    ['1h30parsecs', /or '2h'\.$/],
    ['-5m', /'-5m' is not a duration/],
    ['Infinity', /not a duration/],
    [`${'1'.repeat(100)}s`, /not a duration/],
  ])('is no other text: %j', (text, words) => {
    expect(() => toDuration(text)).toThrow(RangeError);
    expect(() => toDuration(text)).toThrow(words);
  });

  it('is not made of what is no text', () => {
    expect(() => Reflect.apply(toDuration, undefined, [undefined])).toThrow(
      new TypeError('toDuration needs a string, not undefined.'),
    );
    expect(() => Reflect.apply(toDuration, undefined, [null])).toThrow(
      new TypeError('toDuration needs a string, not null.'),
    );
  });
});

describe('the compiler', () => {
  const text = String('5 parsecs');

  const right: readonly AcquireOptions[] = [
    { staleTimeout: 90_000, wait: Number.POSITIVE_INFINITY },
    { staleTimeout: `${90}s`, wait: `${5} minutes` },
    { staleTimeout: toDuration(String('1h')) },
  ];
  it.each(right.map((options) => ({ options })))(
    'accepts what is accepted at run time: $options',
    ({ options }) => {
      expect(() => readOptions(options)).not.toThrow();
    },
  );

  const wrong: readonly AcquireOptions[] = [
    // @ts-expect-error There is no such unit.
    { staleTimeout: '5 parsecs' },
    // @ts-expect-error It has no unit.
    { wait: '30' },
    // @ts-expect-error It has no number.
    { holdAtLeast: 'xs' },
    // @ts-expect-error It may be any text.
    { terminationGrace: text },
  ];
  it.each(wrong.map((options) => ({ options })))(
    'refuses what is refused at run time: $options',
    ({ options }) => {
      expect(() => readOptions(options)).toThrow(RangeError);
    },
  );
});
