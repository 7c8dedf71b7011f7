import type { Argument, Command, Option } from 'commander';
import { namedLocks } from '../named-locks/named-locks.js';
import { FILE_PROOF, PROOFS } from '../run/proof.js';
import { WRAPPING } from '../wrapping.js';

/** In place of candidates, what the shell itself completes best. */
type Directive = ':files' | ':folders' | ':command';

/**
 * What the last of the words may become: lines of a candidate, a tab and what it means; or one line with a directive. All
 * of it comes from the definitions of the subcommands, so that there is nothing to keep in step with them.
 *
 * @param words What stands behind the name of the program, up to the cursor.
 */
export function complete(program: Command, words: readonly string[]): string[] {
  const [name = '', ...rest] = words;
  if (words.length <= 1) return matching(name, [...subcommands(program), ...optionsOf(program)]);
  const command = program.commands.find((each) => each.name() === name);
  return command === undefined ? [] : completeFor(command, rest);
}

function completeFor(command: Command, words: readonly string[]): string[] {
  const before = words.slice(0, -1);
  const word = words.at(-1) ?? '';
  const operands: string[] = [];
  let expecting: Option | undefined;
  let isPastOptions = false;
  for (const each of before) {
    if (expecting !== undefined) expecting = undefined;
    else if (isPastOptions || !each.startsWith('-') || each === '-') operands.push(each);
    else if (each !== '--') expecting = takesValue(optionNamed(command, each));
    else if (WRAPPING.has(command.name())) return directive(':command');
    else isPastOptions = true;
  }
  if (expecting !== undefined) return valuesOf(expecting, word, '');
  const [, long, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  if (!isPastOptions && long !== undefined && value !== undefined) {
    const option = takesValue(optionNamed(command, long));
    return option === undefined ? [] : valuesOf(option, value, `${long}=`);
  }
  if (!isPastOptions && word.startsWith('-'))
    return matching(word, [...optionsOf(command), ...separator(command)]);
  return completeOperand(command, operands.length, word);
}

function completeOperand(command: Command, index: number, word: string): string[] {
  const parameters = command.registeredArguments;
  const last = parameters.at(-1);
  const argument = parameters[index] ?? (last?.variadic ? last : undefined);
  if (argument === undefined) return matching(word, separator(command));
  if (argument.argChoices !== undefined)
    return matching(
      word,
      argument.argChoices.map((choice) => [choice, '']),
    );
  switch (placeholder(argument)) {
    case 'lock':
      return word.includes('/') ? directive(':files') : matching(word, locks());
    case 'dir':
      return directive(':folders');
    default:
      return directive(':files');
  }
}

type Candidate = readonly [text: string, meaning: string];

function matching(word: string, candidates: readonly Candidate[]): string[] {
  return candidates
    .filter(([text]) => text.startsWith(word))
    .map(([text, meaning]) => (meaning === '' ? text : `${text}\t${meaning}`));
}

function directive(it: Directive): string[] {
  return [it];
}

function subcommands(program: Command): Candidate[] {
  const visible = program.createHelp().visibleCommands(program);
  return visible.map((command) => [command.name(), command.summary()]);
}

/** By their long names, which tell more; the short ones are typed faster than completed. */
function optionsOf(command: Command): Candidate[] {
  const visible = command.createHelp().visibleOptions(command);
  return visible.map((option) => [option.long ?? option.short ?? '', option.description]);
}

function separator(command: Command): Candidate[] {
  return WRAPPING.has(command.name()) ? [['--', 'and then the command to run']] : [];
}

function optionNamed(command: Command, name: string): Option | undefined {
  return command.options.find(({ short, long }) => name === short || name === long);
}

function takesValue(option: Option | undefined): Option | undefined {
  return option?.required || option?.optional ? option : undefined;
}

function valuesOf(option: Option, word: string, prefix: string): string[] {
  const isProof = option.flags.includes('<proof>');
  if (isProof && word.startsWith(FILE_PROOF)) return directive(':files');
  const values = isProof ? [...PROOFS, FILE_PROOF] : option.argChoices;
  if (values !== undefined) {
    return matching(
      `${prefix}${word}`,
      values.map((value) => [`${prefix}${value}`, '']),
    );
  }
  return /<(?:file|path)>/.test(option.flags) ? directive(':files') : [];
}

function placeholder(argument: Argument): string {
  return argument.name().toLowerCase();
}

function locks(): Candidate[] {
  try {
    return namedLocks().map(({ name }) => [name, '']);
  } catch {
    // Not the moment to complain.
    return [];
  }
}
