import { execFileSync } from 'node:child_process';
import { type Arbitrary, array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  pathIn,
  quoteForCron,
  quoteForSystemd,
  quoteForWindows,
  words,
  wordsForShell,
} from '../../src/schedule/quote.js';
import { isInstalled, NASTY } from './support.js';

/** Mostly characters that are special somewhere. */
const argument: Arbitrary<string> = array(
  oneof(
    constantFrom(...'\\\\%%$\'"` a({})|&;<>~#!^=\té🔒'),
    constantFrom('%PATH%', '$(Arg1)', '$HOME', '\\%'),
  ),
  { maxLength: 12 },
).map((parts) => parts.join(''));

describe.skipIf(process.platform === 'win32')('quoting for a crontab', () => {
  // What different crons do to `%` and backslashes before /bin/sh sees the line.
  const crons: readonly [string, (line: string) => string][] = [
    ['cronie', (line) => unescapeAsCron(line, ['%'])],
    ['the first cron of Vixie', (line) => unescapeAsCron(line, ['%', '\\'])],
    ['busybox', (line) => line],
  ];

  it.each(crons)('brings every argument through %s and /bin/sh', (_, process) => {
    expect(executed(process(NASTY.map(quoteForCron).join(' ')))).toEqual(NASTY);
  });

  it.each(crons)('brings any argument through %s and /bin/sh', (_, process) => {
    assert(
      property(array(argument, { minLength: 1, maxLength: 20 }), (args) => {
        expect(executed(process(args.map(quoteForCron).join(' ')))).toEqual(args);
      }),
      { numRuns: 30 },
    );
  });
});

describe.each(['tcsh', 'zsh'])(
  'quoting for a crontab whose SHELL is %s, where that is installed',
  (shell) => {
    it.skipIf(!isInstalled(shell, '--version'))('brings any argument through', () => {
      assert(
        property(array(argument, { minLength: 1, maxLength: 20 }), (args) => {
          const line = unescapeAsCron(args.map(quoteForCron).join(' '), ['%']);
          expect(executed(line, shell)).toEqual(args);
        }),
        { numRuns: 30 },
      );
    });
  },
);

describe('quoting for systemd', () => {
  it('brings every argument back', () => {
    const args = [...NASTY, 'line\nbreak', '\t\u0001\u007f'];
    expect(parsedBySystemd(args.map(quoteForSystemd).join(' '))).toEqual(args);
  });

  it('brings any argument back', () => {
    assert(
      property(
        array(
          oneof(
            argument,
            string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
          ),
        ),
        (args) => {
          expect(parsedBySystemd(args.map(quoteForSystemd).join(' '))).toEqual(args);
        },
      ),
    );
  });
});

describe('quoting for Windows', () => {
  it('brings every argument back', () => {
    expect(parsedByWindows(NASTY.map(quoteForWindows).join(' '))).toEqual(NASTY);
  });

  it('brings any argument back', () => {
    assert(
      property(array(argument), (args) => {
        expect(parsedByWindows(args.map(quoteForWindows).join(' '))).toEqual(args);
      }),
    );
  });

  it('leaves paths as they are', () => {
    expect(quoteForWindows('C:\\tools\\node.exe')).toBe('C:\\tools\\node.exe');
  });
});

describe('the words of a line', () => {
  it.each([
    ["cd \"/srv/my \\\" shop\" && 'a'\\''b' c\\ d", ['cd', '"/srv/my \\" shop"', '&&', "'a'\\''b'", 'c\\ d']],
    ["echo it's", ['echo', "it's"]],
    ['', []],
  ])('for a shell are those between its spaces: %s', (line, expected) => {
    expect(wordsForShell(line)).toEqual(expected);
  });

  it.each([
    ['"a b" C:\\x\\ "c \\" d" e', ['"a b"', 'C:\\x\\', '"c \\" d"', 'e']],
    ['a "b c', ['a', '"b c']],
    ['', []],
  ])('for systemd and Windows, too: %s', (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  it.each([
    ['/opt/a', '/opt/a'],
    ["'/opt/a b'", '/opt/a b'],
    ['"/opt/a b"', '/opt/a b'],
    ["/opt/'a b'", ''],
    ["'/opt/a'/b", ''],
    ['/opt/100%', ''],
    ['/opt/$x', ''],
    ['/opt/a\\ b', ''],
  ])('stand for a path if nothing in them is escaped: %s', (word, path) => {
    expect(pathIn(word)).toBe(path);
  });
});

/** do_command.c, both of cronie and of Vixie's 3.0: a backslash is removed before these characters. */
function unescapeAsCron(line: string, removedBefore: readonly string[]): string {
  let command = '';
  let isEscaped = false;
  for (const character of line) {
    if (isEscaped) {
      if (removedBefore.includes(character)) command = command.slice(0, -1);
      isEscaped = false;
    } else if (character === '\\') {
      isEscaped = true;
    } else if (character === '%') {
      return command;
    }
    command += character;
  }
  return command;
}

/** The arguments that a command gets from such a line. */
function executed(line: string, shell = '/bin/sh'): string[] {
  // Not a word of the shell itself: tcsh's cannot print a NUL.
  const output = execFileSync(shell, ['-c', `/usr/bin/env printf '%s\\0' ${line}`], { encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

/** systemd.service(5), "Command lines": quotes and C escapes, then specifiers, then variables. */
function parsedBySystemd(line: string): string[] {
  const words = line.match(/"(?:\\.|[^"\\])*"|[^\s"]+/gs) ?? [];
  return words.map((word) => {
    const bytes = word
      .replace(/^"(.*)"$/s, '$1')
      .split(/(\\x[0-9a-f]{2}|\\.)/s)
      .map((part, index) => {
        if (index % 2 === 0) return Buffer.from(part);
        if (part.startsWith('\\x')) return Buffer.from([Number.parseInt(part.slice(2), 16)]);
        if (/^\\["\\]$/.test(part)) return Buffer.from(part.slice(1));
        throw new Error(`Not an escape of systemd's: ${part}`);
      });
    const text = Buffer.concat(bytes).toString();
    if (/%(?!%)/.test(text.replaceAll('%%', ''))) throw new Error(`A specifier: ${text}`);
    if (/\$/.test(text.replaceAll('$$', ''))) throw new Error(`A variable: ${text}`);
    return text.replaceAll('%%', '%').replaceAll('$$', '$');
  });
}

/** "Parsing C command-line arguments" of Microsoft, after the Task Scheduler has replaced its variables, none of which begins with a space. */
function parsedByWindows(line: string): string[] {
  const text = line.replaceAll(/%[^%"\s][^%"]*%|\$\(Arg\d+\)/g, 'REPLACED');
  const args: string[] = [];
  let word: string | null = null;
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (!isQuoted && /[ \t]/.test(character)) {
      if (word !== null) args.push(word);
      word = null;
      continue;
    }
    word ??= '';
    const backslashes = /^\\*/.exec(text.slice(index))?.[0].length ?? 0;
    if (backslashes > 0) {
      const isBeforeQuote = text.charAt(index + backslashes) === '"';
      word += '\\'.repeat(isBeforeQuote ? Math.floor(backslashes / 2) : backslashes);
      index += backslashes - 1;
      if (isBeforeQuote && backslashes % 2 === 1) {
        word += '"';
        index++;
      }
    } else if (character !== '"') {
      word += character;
    } else if (isQuoted && text.charAt(index + 1) === '"') {
      word += '"';
      index++;
    } else {
      isQuoted = !isQuoted;
    }
  }
  if (word !== null) args.push(word);
  return args;
}
