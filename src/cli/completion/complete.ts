import type { Command } from '../grammar/command-definition.js';
import { visibleOptions } from '../grammar/help-text.js';
import {
  isVariadic,
  longName,
  mayTakeValue,
  type Option,
  operandName,
  shortName,
  takesValue,
} from '../grammar/option.js';
import { FILE_PROOF, PROOFS } from '../run/proof/proof.js';

// Directives instead of candidates: these the shell completes best itself.
const FILES = [':files'];
const FOLDERS = [':folders'];
const COMMAND = [':command'];

/**
 * Completes the last word. Returns lines of a candidate, a tab and its meaning; or one line with a directive. Everything
 * comes from the definitions of the subcommands, so nothing has to be kept in step with them.
 *
 * @param words What follows the name of the program, up to the cursor.
 * @param locks Looks up the names of locks.
 */
export async function complete(
  program: Command,
  commands: readonly Command[],
  words: readonly string[],
  locks: Lookup,
): Promise<string[]> {
  const [name = '', ...rest] = words;
  if (words.length <= 1)
    return matching(name, [
      ...commands.map(({ name, summary }): Candidate => [name, summary]),
      ...optionsOf(program),
    ]);
  const command = commands.find((each) => each.name === name);
  return command === undefined ? [] : completeFor(command, rest, locks);
}

function completeFor(command: Command, words: readonly string[], locks: Lookup): Completion {
  const before = words.slice(0, -1);
  const word = words.at(-1) ?? '';
  const operands: string[] = [];
  let expecting: Option | undefined;
  let isPastOptions = false;
  for (const each of before) {
    if (expecting !== undefined) expecting = undefined;
    else if (isPastOptions || !each.startsWith('-') || each === '-') operands.push(each);
    else if (each !== '--') expecting = optionWithValue(command, each);
    else if (command.isWrapper) return COMMAND;
    else isPastOptions = true;
  }
  if (expecting !== undefined) return valuesOf(expecting, word, '');
  const [, long, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  if (!isPastOptions && long !== undefined && value !== undefined) {
    const option =
      optionWithValue(command, long) ??
      Object.values(command.options).find((each) => mayTakeValue(each) && long === longName(each));
    return option === undefined ? [] : valuesOf(option, value, `${long}=`);
  }
  if (!isPastOptions && word.startsWith('-'))
    return matching(word, [...optionsOf(command), ...separator(command)]);
  return completeOperand(command, operands.length, word, locks);
}

function completeOperand(command: Command, index: number, word: string, locks: Lookup): Completion {
  const operands = Object.values(command.operands);
  const operand = operands[index] ?? operands.find(isVariadic);
  if (operand === undefined) return matching(word, separator(command));
  if (operand.choices !== undefined) return matching(word, plain(operand.choices));
  switch (operandName(operand)) {
    case 'lock':
      if (word.includes('/')) return FILES;
      return locks().then((names) => matching(word, plain(names)));
    case 'dir':
      return FOLDERS;
    default:
      return FILES;
  }
}

type Lookup = () => Promise<readonly string[]>;

type Completion = string[] | Promise<string[]>;

type Candidate = readonly [text: string, meaning: string];

function plain(texts: readonly string[]): Candidate[] {
  return texts.map((text) => [text, '']);
}

function matching(word: string, candidates: readonly Candidate[]): string[] {
  return candidates
    .filter(([text]) => text.startsWith(word))
    .map(([text, meaning]) => (meaning === '' ? text : `${text}\t${meaning}`));
}

/** Long names only: they say more, and a short one is typed faster than completed. */
function optionsOf(command: Command): Candidate[] {
  return visibleOptions(command).map((option) => [longName(option), option.description]);
}

function separator({ isWrapper = false }: Command): Candidate[] {
  return isWrapper ? [['--', 'and then the command to run']] : [];
}

function optionWithValue({ options }: Command, name: string): Option | undefined {
  return Object.values(options).find(
    (option) => takesValue(option) && (name === longName(option) || name === shortName(option)),
  );
}

function valuesOf(option: Option, word: string, prefix: string): string[] {
  const isProof = option.flags.includes('<proof>');
  if (isProof && word.startsWith(FILE_PROOF)) return FILES;
  const values = isProof ? [...PROOFS, FILE_PROOF] : option.choices;
  if (values !== undefined) {
    return matching(`${prefix}${word}`, plain(values.map((value) => `${prefix}${value}`)));
  }
  return /<(?:file|path)>|\[=path\]/.test(option.flags) ? FILES : [];
}
