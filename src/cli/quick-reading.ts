import type { OptionValues } from 'commander';
import { InvalidArgument } from './invalid-argument.js';
import type { OptionSpec } from './option-spec.js';

/** What stands in a command line that is in order. */
export interface Reading {
  readonly operands: readonly string[];
  /** The options as commander gives them, `staleTimeout` for `--stale-timeout`: of whatever types their definitions say. */
  readonly given: OptionValues[string];
}

/**
 * Reads a command line as commander would, for the subcommands that cron and loops start all the time: to load commander, and
 * to tell it of all options, would be a fifth of the start. `null` for what is not in order or not as usual, from a
 * question for help to a value that is none: commander is to read it again, and to find the words.
 */
export function readQuickly(args: readonly string[], specs: readonly OptionSpec[]): Reading | null {
  const operands: string[] = [];
  const options = defaultsOf(specs);
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? '';
    if (!word.startsWith('-')) {
      operands.push(word);
      continue;
    }
    const [, long = word, inline] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    const spec = specs.find(({ flags }) => flags.split(/[ ,]+/).includes(long));
    if (spec === undefined) return null;
    if (!spec.flags.includes('<')) {
      if (inline !== undefined) return null;
      options[nameOf(spec)] = true;
      continue;
    }
    const value = read(spec, inline ?? args[++index]);
    if (value === undefined) return null;
    options[nameOf(spec)] = value;
  }
  for (const spec of specs) {
    const text = spec.variable === undefined ? undefined : process.env[spec.variable];
    if (!text || nameOf(spec) in options) continue;
    const value = read(spec, text);
    if (value === undefined) return null;
    options[nameOf(spec)] = value;
  }
  return { operands, given: options };
}

function defaultsOf(specs: readonly OptionSpec[]): OptionValues {
  const defaults: OptionValues = {};
  for (const spec of specs) {
    if (spec.default !== undefined) defaults[nameOf(spec)] = spec.default.value;
  }
  return defaults;
}

function nameOf({ flags }: OptionSpec): string {
  const [, long = ''] = /--([\w-]+)/.exec(flags) ?? [];
  return long.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function read({ choices, parse }: OptionSpec, text: string | undefined): unknown {
  if (text === undefined || choices?.includes(text) === false) return undefined;
  if (parse === undefined) return text;
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InvalidArgument) return undefined;
    throw error;
  }
}
