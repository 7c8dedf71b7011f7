import { expect, it } from 'vitest';
import { readOpenMetrics } from '../../../support/prometheus/open-metrics.js';

const GOOD =
  '# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP a_seconds Help.\na_seconds{b="c"} 1.5\n';

it('the reader of the tests reads gauges', () => {
  expect([...readOpenMetrics(`${GOOD}# TYPE b gauge\nb +Inf\n# EOF\n`)]).toMatchObject([
    ['a_seconds', { unit: 'seconds', help: 'Help.', values: new Map([['{"b":"c"}', 1.5]]) }],
    ['b', { unit: null, values: new Map([['{}', Number.POSITIVE_INFINITY]]) }],
  ]);
});

it.each([
  ['no end', GOOD],
  ['something behind the end', `${GOOD}# EOF\n\n`],
  ['no line break at the end', `${GOOD}# EOF`],
  ['a comment', `# made by hand\n${GOOD}# EOF\n`],
  ['an empty line', `${GOOD}\n# EOF\n`],
  ['another type', '# TYPE a info\na 1\n# EOF\n'],
  ['a family twice', `${GOOD}${GOOD}# EOF\n`],
  ['a family without values', '# TYPE a gauge\n# EOF\n'],
  ['a value without a family', 'a 1\n# EOF\n'],
  ['the value of another family', `${GOOD}b 1\n# EOF\n`],
  ['the help behind the values', '# TYPE a gauge\na 1\n# HELP a Help.\n# EOF\n'],
  ['a unit that is not in the name', '# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n'],
  ['a value twice', '# TYPE a gauge\na{b="c",d="e"} 1\na{d="e",b="c"} 2\n# EOF\n'],
  ['a label twice', '# TYPE a gauge\na{b="c",b="d"} 1\n# EOF\n'],
  ['a quote that is not escaped', '# TYPE a gauge\na{b="c"d"} 1\n# EOF\n'],
  ['an escape that does not exist', '# TYPE a gauge\na{b="\\x"} 1\n# EOF\n'],
  ['a comma at the end', '# TYPE a gauge\na{b="c",} 1\n# EOF\n'],
  ['no number', '# TYPE a gauge\na null\n# EOF\n'],
  ['JavaScript for infinity', '# TYPE a gauge\na Infinity\n# EOF\n'],
])('the reader of the tests refuses %s', (_what, text) => {
  expect(() => readOpenMetrics(text)).toThrow();
});
