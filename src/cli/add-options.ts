import { type Command, Option } from 'commander';
import type { OptionSpec } from './option-spec.js';

/** Tells commander of options. */
export function addOptions(command: Command, specs: readonly OptionSpec[]): Command {
  for (const spec of specs) command.addOption(toOption(spec));
  return command;
}

/** What commander is told of one. */
export function toOption({
  flags,
  description,
  parse,
  choices,
  variable,
  default: standard,
}: OptionSpec): Option {
  const option = new Option(flags, description);
  if (parse !== undefined) option.argParser(parse);
  if (choices !== undefined) option.choices(choices);
  // One that is empty is none.
  if (variable !== undefined && process.env[variable] !== '') option.env(variable);
  if (standard !== undefined) option.default(standard.value, standard.name);
  return option;
}
