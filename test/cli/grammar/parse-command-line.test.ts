import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CliError } from '../../../src/cli/errors/cli-error.js';
import { ExitCode } from '../../../src/cli/errors/exit-codes.js';
import { type Command, defineCommand, HELP, VERSION } from '../../../src/cli/grammar/command-definition.js';
import type { Operands, Options } from '../../../src/cli/grammar/option.js';
import { interpret, isAmong, split } from '../../../src/cli/grammar/parse-command-line.js';
import { InvalidArgument } from '../../../src/cli/grammar/parse-value.js';
import { UnknownWord } from '../../../src/cli/grammar/unknown-word.js';

const COPY = defineCommand({
  name: 'copy',
  summary: 'copy',
  description: 'Copies.',
  options: {
    wait: { flags: '-w, --wait <time>', description: 'time', default: { value: 'never' } },
    exitCode: { flags: '-E, --exit-code <number>', description: 'code', parse: parseNumber },
    quiet: { flags: '-q, --quiet', description: 'silence' },
    yes: { flags: '-y, --yes', description: 'consent', conflicts: ['as'] },
    as: { flags: '--as', description: 'a user' },
    how: { flags: '--how <manner>', description: 'manner', choices: ['fast', 'safe'], variable: 'COPY_HOW' },
  },
  operands: {
    source: { term: '<source>', description: 'a path' },
    targets: { term: '[target...]', description: 'paths' },
  },
  notes: '',
  run: async () => 0,
});

const { options } = COPY;

const MOVE = defineCommand({
  name: 'move',
  summary: 'move',
  description: 'Moves.',
  options,
  operands: {
    source: { term: '<source>', description: 'a path' },
    speed: { term: '[speed]', description: 'speed', parse: parseNumber },
    bits: { term: '[bits]', description: 'bits', choices: ['8', '16'] },
  },
  notes: '',
  run: async () => 0,
});

const WRAP = defineCommand({
  name: 'wrap',
  summary: 'wrap',
  description: 'Wraps.',
  options,
  operands: {},
  notes: '',
  isWrapper: true,
  run: async () => 0,
});

afterEach(() => void vi.unstubAllEnvs());

describe('a command line', () => {
  it('means the same, however its options are written and wherever they are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(option('wait', '-w', '--wait'), toggle('quiet', '-q', '--quiet'), word())),
        (parts) => {
          const operands = parts.filter(({ name }) => name === 'operand').map(({ value }) => value);
          fc.pre(operands.length > 0);
          const { values } = read(
            COPY,
            parts.flatMap(({ words }) => words),
          );
          expect(values).toEqual({
            wait: parts.findLast(({ name }) => name === 'wait')?.value ?? 'never',
            exitCode: undefined,
            quiet: parts.some(({ name }) => name === 'quiet'),
            yes: false,
            as: false,
            how: undefined,
            source: operands[0],
            targets: operands.slice(1),
          });
        },
      ),
    );
  });

  it('is either understood or refused with a message', () => {
    const words = [
      '-w',
      '-qw',
      '-qx',
      '--wait',
      '--wait=',
      '--wiat',
      '--quiet=1',
      '-E',
      '-E5',
      '--how',
      'fast',
    ];
    const any = fc.array(fc.oneof(fc.constantFrom(...words, '--', '-', '', '-5', '--='), fc.string()));
    fc.assert(
      fc.property(any, fc.constantFrom<Command>(COPY, MOVE, WRAP), (line, command) => {
        try {
          const names = Object.keys({ ...command.options, ...command.operands });
          expect(Object.keys(read(command, line).values)).toEqual(names);
        } catch (error) {
          if (!(error instanceof CliError)) throw error;
          expect(error.exitCode).toBe(ExitCode.usage);
        }
      }),
    );
  });

  it('of a wrapper is read only up to the first --', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('--', '--help', '-q'))), (command) => {
        const { values, rest } = read(WRAP, ['-w5s', '--', ...command]);
        expect(rest.wrapped).toEqual(command);
        expect(values).toMatchObject({ wait: '5s', quiet: false });
      }),
    );
    expect(read(WRAP, ['-q']).rest.wrapped).toBeNull();
    // Otherwise the command's would become the value of an option that lacks one.
    expect(() => read(WRAP, ['-w', '--', 'true'])).toThrow("option '-w, --wait <time>' argument missing");
  });

  it('of other commands has only operands after --', () => {
    expect(read(COPY, ['--', '-q', '--help', '--']).values).toMatchObject({
      quiet: false,
      source: '-q',
      targets: ['--help', '--'],
    });
    expect(isAmong(split(['--', '--help'], COPY), HELP)).toBe(false);
  });
});

describe('an option that can do without a value', () => {
  const keep = defineCommand({
    name: 'keep',
    summary: 'keep',
    description: 'Keeps.',
    options: { log: { flags: '--log[=path]', description: 'a log', parse: (text: string) => text } },
    operands: COPY.operands,
    notes: '',
    run: async () => 0,
  });

  it('takes only what follows an equals sign', () => {
    const logOf = (...words: readonly string[]) => read(keep, [...words, 'source']).values.log;
    expect(logOf()).toBe(false);
    expect(logOf('--log')).toBe(true);
    expect(logOf('--log=here')).toBe('here');
    expect(logOf('--log=')).toBe('');
    expect(read(keep, ['--log', 'source', 'target']).values).toMatchObject({
      source: 'source',
      targets: ['target'],
    });
  });
});

describe('the value of an option', () => {
  it('is the next word, even if that looks like an option, but not if it is a long one of the command', () => {
    for (const value of ['-5', '-q', '--quite', '--', ''])
      expect(read(COPY, ['a', '--wait', value]).values).toMatchObject({ wait: value, quiet: false });
  });

  it('is parsed, and refused with the name of the option', () => {
    expect(read(COPY, ['a', '-qE-5']).values).toMatchObject({ exitCode: -5, quiet: true });
    expect(() => read(COPY, ['a', '-E', 'five'])).toThrow(
      "option '-E, --exit-code <number>' argument 'five' is invalid. It must be a number.",
    );
    expect(() => read(COPY, ['a', '--how=badly'])).toThrow(
      "option '--how <manner>' argument 'badly' is invalid. Allowed choices are fast, safe.",
    );
  });

  it('comes from the environment, unless the command line has one', () => {
    vi.stubEnv('COPY_HOW', 'safe');
    expect(read(COPY, ['a']).values.how).toBe('safe');
    expect(read(COPY, ['a', '--how', 'fast']).values.how).toBe('fast');
    vi.stubEnv('COPY_HOW', 'badly');
    expect(read(COPY, ['a', '--how', 'fast']).values.how).toBe('fast');
    expect(() => read(COPY, ['a'])).toThrow("argument 'badly' is invalid");
    vi.stubEnv('COPY_HOW', '');
    expect(read(COPY, ['a']).values.how).toBeUndefined();
  });
});

describe('what was given', () => {
  it('is reported in its order, with that of the environment last', () => {
    vi.stubEnv('COPY_HOW', 'safe');
    const { given } = read(COPY, ['-w', '1', 'a', '-qw2']).rest;
    expect(given.map(({ name, text }) => [name, text])).toEqual([
      ['wait', '1'],
      ['quiet', null],
      ['wait', '2'],
      ['how', 'safe'],
    ]);
  });
});

describe('what is refused', () => {
  it.each([
    { line: [], says: "missing required argument 'source'. See livinglock move --help." },
    { line: ['a', '1', '8', 'b'], says: "too many arguments for 'move'. Expected 3 arguments but got 4." },
    {
      line: ['a', 'b'],
      says: "command-argument value 'b' is invalid for argument 'speed'. It must be a number.",
    },
    {
      line: ['a', '1', '9'],
      says: "command-argument value '9' is invalid for argument 'bits'. Allowed choices are 8, 16.",
    },
    { line: ['a', '--as', '-y'], says: "option '-y, --yes' cannot be used with option '--as'" },
    { line: ['a', '--wait'], says: "option '-w, --wait <time>' argument missing" },
    {
      line: ['a', '--how', '--quiet'],
      says: "option '--how <manner>' argument missing. If --quiet is meant, write --how=--quiet.",
    },
    {
      line: ['-w', '--help', 'a'],
      says: "option '-w, --wait <time>' argument missing. If --help is meant, write --wait=--help.",
    },
    { line: ['a', '--quiet=yes'], says: "unknown option '--quiet=yes'" },
    { line: ['a', '-qx'], says: "unknown option '-x'" },
    { line: ['a', '-xq'], says: "unknown option '-xq'" },
    { line: ['a', '--wai', '1'], says: "unknown option '--wai'" },
    { line: ['-5'], says: "unknown option '-5'" },
    { line: ['a', '-hq'], says: "unknown option '-hq'" },
  ])('$line: $says', ({ line, says }) => {
    expect(() => read(MOVE, line)).toThrow(says);
  });

  it('says what to do instead of an option of a similar program', () => {
    const advice = 'It is not needed.';
    const otherOptions = new Map([
      ['-n', advice],
      ['--store', advice],
    ]);
    const command = { ...MOVE, otherOptions };
    expect(() => read(command, ['a', '--store=secret'])).toThrow(
      /^unknown option '--store'\. It is not needed\.$/,
    );
    expect(() => read(command, ['a', '-n'])).toThrow(/^unknown option '-n'\. It is not needed\.$/);
    expect(() => read(command, ['a', '-m'])).toThrow(/^unknown option '-m'$/);
  });

  it.each([
    { word: '--wiat', meant: '(Did you mean --wait?)' },
    { word: '--wiat=5s', meant: '(Did you mean --wait?)' },
    { word: '--hepl', meant: '(Did you mean --help?)' },
    { word: '--wai', meant: '(Did you mean --wait?)' },
    { word: '--entirely-different', meant: null },
    { word: '-x', meant: null },
    { word: '-a', meant: null },
    { word: '--zip', meant: null },
    { word: '--exitcodetwo', meant: null },
  ])('$word may be a misspelling: $meant', async ({ word, meant }) => {
    // The value may be a secret.
    const message = `unknown option '${word.replace('=5s', '')}'`;
    const all = '. For a list, run livinglock copy --help';
    expect(await explanationOf(['a', word])).toBe(message + (meant === null ? all : ` ${meant}`));
  });
});

it.each([
  { word: 'bect', known: ['belt', 'run', 'beat'], meant: 'one of beat, belt' },
  { word: '--keep', known: ['--help', '--keep-logs'], meant: '--keep-logs' },
  {
    word: '--Kill',
    known: ['--kill-stalled', '--kill-after', '--all'],
    meant: 'one of --kill-after, --kill-stalled',
  },
  { word: 'sched', known: ['schedule', 'schema'], meant: 'schedule' },
  { word: 'we', known: ['wear', 'we-are', 'be'], meant: 'be' },
])('$word, cut off or misspelled, may be $meant of $known', async ({ word, known, meant }) => {
  const error = new UnknownWord('command', word, word, known, '');
  expect(await error.explain()).toBe(`unknown command '${word}' (Did you mean ${meant}?)`);
});

describe('a question for help or the version', () => {
  it('is seen anywhere, even beside mistakes', () => {
    for (const line of [['-h'], ['a', 'b', '--help'], ['--wiat', '-h'], ['-E', 'five', '-qh']])
      expect(isAmong(split(line, COPY), HELP)).toBe(true);
    expect(isAmong(split(['-V'], COPY), VERSION)).toBe(true);
  });

  it('is not the value of an option, nor a word that only begins like it', () => {
    for (const line of [['--wait', '-h'], ['--wait=-h'], ['-w-h'], ['--help=me'], ['-hx'], ['h']])
      expect(isAmong(split(line, COPY), HELP)).toBe(false);
  });
});

function read<O extends Options, P extends Operands>(command: Command<O, P>, line: readonly string[]) {
  return interpret(split(line, command), command);
}

async function explanationOf(line: readonly string[]): Promise<string> {
  try {
    read(COPY, line);
  } catch (error) {
    if (error instanceof UnknownWord) return error.explain();
    throw error;
  }
  throw new Error('It was understood.');
}

function parseNumber(text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new InvalidArgument('It must be a number.');
}

/** A part of a command line, and what it means. */
interface Part {
  readonly name: string;
  readonly value: string;
  readonly words: readonly string[];
}

/** An option with its value, in one of the ways to write it. */
function option(name: string, short: string, long: string): fc.Arbitrary<Part> {
  return fc.tuple(fc.string(), fc.constantFrom('apart', 'inline', 'short', 'joined')).map(([value, way]) => {
    switch (way) {
      case 'apart':
        return { name, value, words: [long, value] };
      case 'inline':
        return { name, value, words: [`${long}=${value}`] };
      case 'short':
        return { name, value, words: [short, value] };
      default:
        return { name, value, words: value === '' ? [short, value] : [`${short}${value}`] };
    }
  });
}

function toggle(name: string, short: string, long: string): fc.Arbitrary<Part> {
  return fc
    .constantFrom(short, long, `${short}${short.slice(1)}`)
    .map((it) => ({ name, value: '', words: [it] }));
}

function word(): fc.Arbitrary<Part> {
  return fc
    .string()
    .filter((text) => !text.startsWith('-') || text === '-')
    .map((value) => ({ name: 'operand', value, words: [value] }));
}
