import { joined } from '../../core/describe-holder.js';
import { type Command, type Commands, HELP } from './command-definition.js';
import { type Operand, type Option, operandName } from './option.js';

/** A term and its description. */
type Item = readonly [term: string, meaning: string];

/** Columns to assume for a terminal that does not report its width, and for anything that is not a terminal. */
const USUAL_COLUMNS = 80;
/** In fewer columns text is not wrapped, because it would be harder to read. */
const NARROWEST = 40;
/** Spaces before a term, and the minimum after it. */
const INDENT = 2;

/** What `--help` prints. */
export async function helpFor(command: Command, columns: number | undefined): Promise<string> {
  const { operands, subcommands } = command;
  return layOut(
    command,
    [
      ['Arguments:', Object.values(operands).map(describeOperand)],
      ...optionsByHeading(command).map(
        ([heading, options]) => [heading, options.map(describeOption)] as const,
      ),
      ['Commands:', (await loaded(subcommands)).map((each) => [termOf(each), each.summary])],
    ],
    columns,
  );
}

export function loaded(subcommands: Commands = new Map()): Promise<readonly Command[]> {
  return Promise.all([...subcommands.values()].map((load) => load()));
}

/** Its own options, then help. */
export function visibleOptions({ options }: Command): readonly Option[] {
  return [...Object.values(options), HELP];
}

/** The visible options, under the headings by which help lists them. */
export function optionsByHeading(command: Command): readonly (readonly [string, readonly Option[]])[] {
  const { sections = [] } = command;
  const others = new Set(sections.flatMap(({ options }) => Object.values(options)));
  return [
    ['Options:', visibleOptions(command).filter((option) => !others.has(option))],
    ...sections.map(({ heading, options }) => [heading, Object.values(options)] as const),
  ];
}

/** What follows the name of the subcommand. */
export function usageOf({ usage, operands }: Command): string {
  return usage ?? ['[options]', ...terms(operands)].join(' ');
}

export function describeOption({ flags, description, choices, variable, ...option }: Option): Item {
  const standard = option.default?.name ?? JSON.stringify(option.default?.value);
  const details = joined(
    ', ',
    choices && listOf(choices),
    option.default && `default: ${standard}`,
    variable && `env: ${variable}`,
  );
  return [flags, `${description}${details && ` (${details})`}`];
}

export function describeOperand(operand: Operand): Item {
  const { description, choices } = operand;
  return [operandName(operand), choices === undefined ? description : `${description} (${listOf(choices)})`];
}

function listOf(choices: readonly string[]): string {
  return `choices: ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
}

function terms(operands: Command['operands']): string[] {
  return Object.values(operands).map(({ term }) => term);
}

function termOf({ name, options, operands }: Command): string {
  const hasOptions = Object.keys(options).length > 0;
  return joined(' ', name, hasOptions && '[options]', ...terms(operands));
}

type Paragraph = readonly [heading: string, items: readonly Item[]];

function layOut(command: Command, paragraphs: readonly Paragraph[], columns = USUAL_COLUMNS): string {
  const { name, description, notes } = command;
  const shown = paragraphs.filter(([, items]) => items.length > 0);
  const terms = shown.flatMap(([, items]) => items.map(([term]) => term.length));
  const indent = INDENT + Math.max(...terms) + INDENT;
  const width = columns - indent;
  return [
    `Usage: ${joined(' ', 'livinglock', name, usageOf(command))}`,
    '',
    wrap(description, columns),
    '',
    ...shown.flatMap(([heading, items]) => [
      heading,
      ...items.map(([term, meaning]) => {
        const lines = wrap(meaning, width).replaceAll('\n', `\n${' '.repeat(indent)}`);
        return `${' '.repeat(INDENT)}${term.padEnd(indent - INDENT)}${lines}`;
      }),
      '',
    ]),
    `${notes}\n`,
  ].join('\n');
}

/** Breaks longer lines at spaces. Packages that do it take as long to load as all the rest of the help. */
function wrap(text: string, columns: number): string {
  if (columns < NARROWEST) return text;
  const longLine = new RegExp(`(?=.{${columns + 1}})(.{1,${columns}}|\\S+) `, 'g');
  return text.replaceAll(longLine, '$1\n');
}
