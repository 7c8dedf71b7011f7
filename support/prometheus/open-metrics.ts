/** The values of one name, as a reader of OpenMetrics sees them. */
export interface ReadFamily {
  readonly type: string;
  readonly unit: string | null;
  readonly help: string | null;
  /** Values by their labels, as JSON with sorted keys. */
  readonly values: ReadonlyMap<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\[\\"n])*)"(,(?=.)|$)/gsy;
const NUMBER = /^(?:[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?|\+Inf)$/;

/**
 * Reads OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/), as far as it consists of gauges without timestamps. Throws for
 * anything else: it is the test of what is written, and promtool is not everywhere.
 */
export function readOpenMetrics(text: string): ReadonlyMap<string, ReadFamily> {
  const lines = text.split('\n');
  expectThat(lines.pop() === '' && lines.pop() === '# EOF', 'The text does not end with # EOF.');
  const families = new Map<string, ReadFamily>();
  let current: Begun | null = null;
  for (const line of lines) {
    const [, keyword = '', name = '', rest = ''] = /^# (\w+) (\S+) (.*)$/s.exec(line) ?? [];
    if (keyword === 'TYPE') {
      expectThat(!families.has(name), `There are two families ${name}.`);
      current = begin(name, rest);
      families.set(name, current);
    } else {
      expectThat(current !== null, `A line stands before the first family: ${line}`);
      read(line, current, keyword, name, rest);
    }
  }
  for (const [name, { values }] of families) expectThat(values.size > 0, `${name} has no values.`);
  return families;
}

interface Begun {
  readonly name: string;
  readonly type: string;
  unit: string | null;
  help: string | null;
  readonly values: Map<string, number>;
}

function begin(name: string, type: string): Begun {
  expectThat(NAME.test(name), `This is not a name: ${name}`);
  expectThat(type === 'gauge', `This type is not expected: ${type}`);
  return { name, type, unit: null, help: null, values: new Map() };
}

function read(line: string, family: Begun, keyword: string, name: string, rest: string): void {
  if (!line.startsWith('#')) {
    readSample(line, family);
    return;
  }
  expectThat(name === family.name && family.values.size === 0, `This is not in its place: ${line}`);
  if (keyword === 'UNIT') {
    expectThat(
      name.endsWith(`_${rest}`) && family.unit === null,
      `The unit is not that of the name: ${line}`,
    );
    family.unit = rest;
  } else {
    expectThat(keyword === 'HELP' && family.help === null, `There are no such lines: ${line}`);
    family.help = rest;
  }
}

function readSample(line: string, { name: expected, values }: Begun): void {
  const [, name, labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  expectThat(name === expected, `This is no value of ${expected}: ${line}`);
  expectThat(NUMBER.test(value), `This is not a number: ${line}`);
  const key = JSON.stringify(Object.fromEntries([...labelsIn(labels)].toSorted()));
  expectThat(!values.has(key), `There are two values: ${line}`);
  values.set(key, value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value));
}

function labelsIn(text: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  let end = 0;
  for (const [whole, name = '', value = ''] of text.matchAll(LABEL)) {
    expectThat(!labels.has(name), `There are two labels ${name}.`);
    labels.set(
      name,
      value.replaceAll(/\\(.)/g, (_, each: string) => (each === 'n' ? '\n' : each)),
    );
    end += whole.length;
  }
  expectThat(end === text.length, `These are no labels: ${text}`);
  return labels;
}

function expectThat(condition: boolean, complaint: string): asserts condition {
  if (!condition) throw new Error(complaint);
}
