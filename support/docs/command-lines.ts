import { COMMANDS } from '../../src/cli/commands.js';
import { interpret, split } from '../../src/cli/grammar/parse-command-line.js';
import type { Block } from './pages.js';

// Command lines of `livinglock` in any language that a page shows: a crontab, a unit, a script.

const SHELL_WORD = /'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"|&;<>()#]+/g;

/** Each of them, without the program's name. Lines that end with a backslash go on. */
export function commandLinesIn({ language, code }: Block): string[][] {
  const lines = code.replaceAll(/\\\n\s*/g, ' ').split('\n');
  return lines.flatMap((line) => {
    const text = language === 'console' ? (/^\$ (.*)/.exec(line)?.[1] ?? '') : line;
    return [
      ...text.matchAll(
        /(?<![\w./-])livinglock +((?:run|beat|status|break|wait|schema|verify|schedule|completion)\b.*)/g,
      ),
    ].map(([, rest = '']) => wordsOf(rest));
  });
}

/** Throws if the command line is wrong. */
export async function check([name = '', ...words]: readonly string[]): Promise<void> {
  const command = await COMMANDS.get(name)?.();
  if (command === undefined) throw new Error(`There is no subcommand ${name}.`);
  interpret(split(words, command), command);
}

/** Up to where the shell takes over: a pipe, the next command, a comment. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let end = 0;
  for (const { 0: word, index } of line.matchAll(SHELL_WORD)) {
    const between = line.slice(end, index);
    if (/[|&;<>()#]/.test(between)) break;
    const plain = word.replaceAll(/^['"]|['"]$/g, '').replace('$DATABASE_URL', 'postgres://localhost/shop');
    if (between === '' && words.length > 0) words.push(`${words.pop()}${plain}`);
    else words.push(plain);
    end = index + word.length;
  }
  return words;
}
