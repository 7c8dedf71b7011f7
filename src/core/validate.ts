import ms from 'ms';

// Checks of what users pass in. Each throws a `TypeError` or `RangeError` that names the option and the value.

/** Throws for an unknown key. */
export function refuseUnknown(options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`The options must be an object, but are ${show(options)}.`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new TypeError(`There is no option \`${name}\`. The options are ${known.join(', ')}.`);
  }
}

export function duration(name: string, value: unknown): number {
  if (typeof value !== 'number' && typeof value !== 'string') {
    throw new TypeError(
      `The option \`${name}\` must be a number of milliseconds or a string such as '90s', but is ${show(value)}.`,
    );
  }
  const milliseconds = typeof value === 'number' ? value : parseDuration(value);
  if (Number.isNaN(milliseconds)) {
    throw new RangeError(
      `The option \`${name}\` must be a number of milliseconds or a string such as '90s' or '2h', but is ${show(value)}.`,
    );
  }
  if (milliseconds < 0)
    throw new RangeError(`The option \`${name}\` must not be negative, but is ${show(value)}.`);
  return milliseconds;
}

function parseDuration(value: string): number {
  // For text that is not a duration, `ms` returns `undefined`, whatever its types say.
  const milliseconds: unknown = isNotEmpty(value) ? ms(value) : undefined;
  return typeof milliseconds === 'number' ? milliseconds : Number.NaN;
}

/** All that `ms` requires of a string at run time. */
function isNotEmpty(value: string): value is ms.StringValue {
  return value !== '';
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
