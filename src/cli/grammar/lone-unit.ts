import { millisecondsOf } from '../../core/options/duration.js';
import type { GivenOption } from './command-definition.js';
import { longName } from './option.js';

/** What to say if one of the operands is the unit of an option's number, as in `--timeout 15 m`; `null` if none is, or if it may be that of several. */
export function loneUnit(operands: readonly string[], given: readonly GivenOption[]): string | null {
  const unit = operands.find(
    (operand) => /^[a-z]+$/i.test(operand) && millisecondsOf(`1${operand}`) !== undefined,
  );
  const [time, another] = given.filter(
    ({ option, text }) => option.flags.endsWith('<time>') && /^[\d.]+$/.test(text ?? ''),
  );
  if (unit === undefined || time === undefined || another !== undefined) return null;
  return `Write the unit without a space: ${longName(time.option)} ${time.text}${unit}.`;
}
