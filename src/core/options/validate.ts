import { similarTo } from './did-you-mean.js';
import { bothReadings, hasNoUnit, inOneUnit, millisecondsOf } from './duration.js';

// Checks of what users pass in. Each throws a `TypeError` or `RangeError` that names the option and the value.

/**
 * Throws a `TypeError` for an unknown key, because a misspelt option would silently have no effect.
 *
 * @param of What they are options of, if the caller cannot be in doubt about it: ` of \`dependencies\``.
 */
export function refuseUnknown(options: object, known: readonly string[], of = ''): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`The options${of} must be an object, but are ${show(options)}.`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new TypeError(`There is no option \`${name}\`${of}. ${suggestion(name, known)}`);
  }
}

function suggestion(name: string, known: readonly string[]): string {
  const similar = similarTo(name, known).map((other) => `\`${other}\``);
  if (similar.length > 0) return `Did you mean ${similar.join(' or ')}?`;
  return known.length === 1 ? `The only option is ${known[0]}.` : `The options are ${known.join(', ')}.`;
}

/** Milliseconds. Throws a `TypeError` or `RangeError` for what is not a duration. */
export function duration(name: string, value: unknown): number {
  if (typeof value !== 'number' && typeof value !== 'string') {
    throw new TypeError(
      `The option \`${name}\` must be a number of milliseconds or a string such as '90s', but is ${show(value)}.`,
    );
  }
  if (typeof value === 'string' && hasNoUnit(value)) {
    throw new RangeError(`The option \`${name}\` is '${value}', which has no unit: ${bothReadings(value)}.`);
  }
  const milliseconds = typeof value === 'number' ? value : millisecondsOf(value);
  if (milliseconds === undefined || Number.isNaN(milliseconds)) {
    throw new RangeError(
      `The option \`${name}\` must be a number of milliseconds or a string such as '90s' or '2h', but is ${show(value)}.${inOneUnit(String(value))}`,
    );
  }
  if (milliseconds < 0)
    throw new RangeError(`The option \`${name}\` must not be negative, but is ${show(value)}.`);
  return milliseconds;
}

/** Below this, a number is more likely to be meant as seconds, in an option for which a second is short. */
const LEAST_NUMBER = 1000;

/**
 * Like {@link duration}, but refuses small numbers: they have to be written with a unit. Not for `wait`, which programs compute from the
 * time they have left, and not where a mix-up of units only costs time.
 */
export function longDuration(name: string, value: unknown): number {
  const milliseconds = duration(name, value);
  if (typeof value !== 'number' || value === 0 || value >= LEAST_NUMBER) return milliseconds;
  throw new RangeError(
    `The option \`${name}\` is ${value}, which means ${value} ms: ${bothReadings(value)}.`,
  );
}

export function finite(name: string, milliseconds: number): number {
  if (Number.isFinite(milliseconds)) return milliseconds;
  throw new RangeError(`The option \`${name}\` must be finite, but is ${milliseconds}.`);
}

export function boolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError(`The option \`${name}\` must be true or false, but is ${show(value)}.`);
}

export function text(name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new TypeError(`The option \`${name}\` must be a string, but is ${show(value)}.`);
}

export function methods<T extends object>(
  name: string,
  value: T | undefined,
  required: readonly (keyof T & string)[],
): T | undefined {
  if (value === undefined) return undefined;
  const missing =
    typeof value === 'object' && value !== null
      ? required.find((method) => typeof value[method] !== 'function')
      : required[0];
  if (missing === undefined) return value;
  throw new TypeError(`The option \`${name}\` must have a method \`${missing}\`, but is ${show(value)}.`);
}

export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
