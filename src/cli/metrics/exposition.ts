/** All values of one name. */
export interface Family {
  /** Ends with the unit, if there is one. */
  readonly name: string;
  /** One sentence without line breaks, quotes or backslashes. */
  readonly help: string;
  /** No two of them have the same labels. */
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** A label without a value is left out. */
export type Labels = Readonly<Record<string, string | null>>;

/**
 * The text for Prometheus. All families are gauges, and there are no comments, so that it is two formats at once: OpenMetrics 1.0
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/), and the older text format, which is what the textfile collector reads.
 */
export function exposition(families: readonly Family[]): string {
  return `${families.flatMap(linesOf).join('')}# EOF\n`;
}

/** Families without values are left out. */
function linesOf({ name, help, samples }: Family): string[] {
  if (samples.length === 0) return [];
  const unit = /_(seconds|ratio)$/.exec(name)?.[1];
  return [
    `# TYPE ${name} gauge\n`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}\n`]),
    `# HELP ${name} ${help}\n`,
    ...samples.map(({ labels, value }) => `${name}${labelSet(labels)} ${number(value)}\n`),
  ];
}

function labelSet(labels: Labels): string {
  const pairs = Object.entries(labels).flatMap(([name, value]) =>
    value === null ? [] : [`${name}="${escaped(value)}"`],
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function number(value: number): string {
  return value === Number.POSITIVE_INFINITY ? '+Inf' : String(value);
}
