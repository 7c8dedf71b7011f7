import { parseArgs } from 'node:util';
import { millisecondsOf } from '../../core/options/duration.js';
import { UsageError } from '../errors/cli-error.js';
import { type Command, type GivenOption, HELP, type Rest, VERSION } from './command-definition.js';
import {
  isRequired,
  isVariadic,
  longName,
  mayTakeValue,
  type Operand,
  type Operands,
  type Option,
  type Options,
  operandName,
  shortName,
  takesValue,
  type Values,
} from './option.js';
import { InvalidArgument } from './parse-value.js';
import { UnknownWord } from './unknown-word.js';

/** A command line, split into its words. */
export interface Words {
  readonly options: readonly OptionWord[];
  readonly operands: readonly string[];
  /** The words after `--`; `null` without `--`, or if the subcommand wraps no command. */
  readonly wrapped: readonly string[] | null;
}

interface OptionWord {
  /** `--wait`, also for `-w`; an unknown option is kept as it was typed. */
  readonly long: string;
  readonly value: string | undefined;
  /** Whether the value is a word of its own, which may be an option whose turn it was not. */
  readonly isValueApart: boolean;
  /** As it was typed. Of several in one word, like `-qw5s`, only this one, unless it is the first. */
  readonly shown: string;
}

/** Splits a command line into words. An option with a value takes the next word, whatever that is; `interpret` refuses one that is an option. */
export function split(line: readonly string[], { options, isWrapper = false }: Command): Words {
  const separator = isWrapper ? line.indexOf('--') : -1;
  const args = separator === -1 ? [...line] : line.slice(0, separator);
  const known = knownOptions(options);
  const { tokens } = parseArgs({
    args,
    options: Object.fromEntries(known.map((option) => [longName(option).slice(2), toConfiguration(option)])),
    // Reported later, in this program's own words.
    strict: false,
    tokens: true,
  });
  return {
    options: tokens
      .filter((token) => token.kind === 'option')
      .map(({ name, rawName, value, inlineValue, index }) => ({
        long: `--${name}`,
        value,
        isValueApart: inlineValue === false,
        shown: args[index]?.startsWith(rawName) ? args[index] : rawName,
      })),
    operands: tokens.filter((token) => token.kind === 'positional').map(({ value }) => value),
    wrapped: separator === -1 ? null : line.slice(separator + 1),
  };
}

/** Its own options, and those that every subcommand understands. */
function knownOptions(options: Options): readonly Option[] {
  return [...new Set([...Object.values(options), HELP, VERSION])];
}

function toConfiguration(option: Option): { type: 'string' | 'boolean'; short?: string } {
  const short = shortName(option);
  return {
    type: takesValue(option) ? 'string' : 'boolean',
    ...(short !== undefined && { short: short.slice(1) }),
  };
}

/** Whether a switch is among the words. */
export function isAmong({ options }: Words, option: Option): boolean {
  return options.some(({ shown }) => shown === longName(option) || shown === shortName(option));
}

/**
 * Interprets the words.
 *
 * @throws {UsageError} if one of them is wrong, and whatever a `parse` function throws other than `InvalidArgument`.
 */
export function interpret<O extends Options, P extends Operands>(
  words: Words,
  command: Command<O, P>,
): { values: Values<O, P>; rest: Rest };
export function interpret(words: Words, command: Command): { values: Values<Options, Operands>; rest: Rest } {
  const { options, operands } = command;
  const typed = words.options.map((word) => identify(word, command));
  const given = [...typed, ...fromEnvironment(options, new Set(typed.map(({ name }) => name)))];
  refuseConflicts(given, options);
  const values = {
    ...defaultsOf(options),
    ...Object.fromEntries(given.map((one) => [one.name, readOption(one)])),
  };
  const rest = { wrapped: words.wrapped, given };
  expectNumber(words.operands, command, rest);
  return { values: { ...values, ...readOperands(words.operands, operands) }, rest };
}

function identify({ long, value, isValueApart, shown }: OptionWord, command: Command): GivenOption {
  const { options, name: subcommand, otherOptions } = command;
  const [name, option] = Object.entries(options).find(([, each]) => longName(each) === long) ?? [];
  if (
    name === undefined ||
    option === undefined ||
    (value !== undefined && !takesValue(option) && !mayTakeValue(option))
  ) {
    // A value after the name of no option may be a secret: a URL to ping, or a password.
    const word = option === undefined ? shown.replace(/^(--[^=]*)=.*/s, '$1') : shown;
    const advice = otherOptions?.get(word);
    if (advice !== undefined) throw new UsageError(`unknown option '${word}'. ${advice}`);
    const meant = shown.startsWith('--') ? knownOptions(options).map(longName) : [];
    throw new UnknownWord('option', word, long, meant, subcommand);
  }
  if (value === undefined && takesValue(option))
    throw new UsageError(`option '${option.flags}' argument missing`);
  if (isValueApart && knownOptions(options).some((each) => longName(each) === value))
    throw new UsageError(
      `option '${option.flags}' argument missing. If ${value} is meant, write ${long}=${value}.`,
    );
  return { name, option, text: value ?? null };
}

function fromEnvironment(options: Options, typed: ReadonlySet<string>): GivenOption[] {
  return Object.entries(options).flatMap(([name, option]) => {
    const { [option.variable ?? '']: text } = process.env;
    const isGiven = text !== undefined && (text !== '' || option.takesEmptyVariable === true);
    return isGiven && !typed.has(name) ? [{ name, option, text }] : [];
  });
}

function refuseConflicts(given: readonly GivenOption[], options: Options): void {
  for (const { option } of given) {
    const other = given.find(({ name }) => option.conflicts?.includes(name));
    if (other === undefined) continue;
    throw new UsageError(
      `option '${option.flags}' cannot be used with option '${options[other.name]?.flags}'`,
    );
  }
}

function defaultsOf(options: Options): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      takesValue(option) ? option.default?.value : false,
    ]),
  );
}

function readOption({ option, text }: GivenOption): unknown {
  if (text === null) return true;
  return parse(text, option, `option '${option.flags}' argument '${text}' is invalid.`);
}

function expectNumber(found: readonly string[], { name, operands, tooMany }: Command, rest: Rest): void {
  const all = Object.values(operands);
  const missing = all.slice(found.length).find(isRequired);
  if (missing !== undefined)
    throw new UsageError(
      `missing required argument '${operandName(missing)}'. See livinglock ${name} --help.`,
    );
  if (found.length <= all.length || all.some(isVariadic)) return;
  throw new UsageError(
    loneUnit(found, rest.given) ??
      tooMany?.(rest) ??
      `too many arguments for '${name}'. Expected ${all.length} argument${all.length === 1 ? '' : 's'} but got ${found.length}.`,
  );
}

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

function readOperands(texts: readonly string[], operands: Operands): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(operands).map(([name, operand], index) => {
      if (isVariadic(operand)) return [name, texts.slice(index).map((text) => readOperand(text, operand))];
      const text = texts[index];
      return [name, text === undefined ? undefined : readOperand(text, operand)];
    }),
  );
}

function readOperand(text: string, operand: Operand): unknown {
  const complaint = `command-argument value '${text}' is invalid for argument '${operandName(operand)}'.`;
  return parse(text, operand, complaint);
}

function parse(text: string, { parse, choices }: Option | Operand, complaint: string): unknown {
  try {
    if (parse !== undefined) return parse(text);
    if (choices?.includes(text) === false) {
      throw new InvalidArgument(`Allowed choices are ${choices.join(', ')}.`);
    }
    return text;
  } catch (error) {
    if (error instanceof InvalidArgument) throw new UsageError(`${complaint} ${error.message}`);
    throw error;
  }
}
