import { expect, it } from 'vitest';
import { loneUnit } from '../../../src/cli/grammar/parse-command-line.js';
import { RUN_OPTIONS } from '../../../src/cli/run/options/run-options.js';

function given(name: keyof typeof RUN_OPTIONS, text: string | null) {
  return { name, option: RUN_OPTIONS[name], text };
}

it.each([
  ['m', '15m'],
  ['s', '15s'],
  ['Hours', '15Hours'],
  ['ms', '15ms'],
])('a unit that stands alone belongs to the number of an option: %s', (unit, written) => {
  const options = [
    given('quiet', null),
    given('retry', '3'),
    given('label', '7'),
    given('staleTimeout', '15'),
  ];
  expect(loneUnit([unit, 'etl'], options)).toBe(
    `Write the unit without a space: --stale-timeout ${written}.`,
  );
});

it.each([
  ['there is no unit', ['import', 'etl'], [given('staleTimeout', '15')]],
  ['the number has one', ['m', 'etl'], [given('staleTimeout', '15m')]],
  ['no option takes one', ['m', 'etl'], [given('retry', '3'), given('quiet', null)]],
  ['it may belong to several', ['m', 'etl'], [given('wait', '30'), given('timeout', '15')]],
  ['the option takes any text', ['m', 'etl'], [given('label', '7')]],
])('a word is no such unit if %s', (_why, operands, options) => {
  expect(loneUnit(operands, options)).toBeNull();
});
