import { UsageError } from '../../errors/cli-error.js';
import { matching } from '../../grammar/parse-value.js';

/**
 * The program and its arguments: the words after `--`, or a shell with the line of `-c`.
 *
 * @param wrapped The words after `--`; `null` without `--`.
 * @param missing The message if there is neither.
 */
export function commandOf(
  wrapped: readonly string[] | null,
  line: string | undefined,
  missing: string,
): readonly string[] {
  if (line === undefined) {
    if (wrapped === null) throw new UsageError(missing);
    return wrapped;
  }
  if (wrapped === null) return process.platform === 'win32' ? [...CMD, `"${line}"`] : ['/bin/sh', '-c', line];
  throw new UsageError('Give the command either with -c or after --, not both.');
}

const CMD = ['cmd.exe', '/d', '/s', '/c'];

/** Whether this is a line for cmd.exe, which takes everything between the outer quotes literally. */
export function isForCmd(command: readonly string[]): boolean {
  return CMD.every((word, index) => command[index] === word) && /^".*"$/s.test(command[CMD.length] ?? '');
}

/** The value of an option that is a line for the shell. */
export const parseLine = matching(/\S/, 'The line to run must not be empty.');

/** What runs, for people: its label, the line for the shell, or the words of the command. */
export function shownCommand(
  command: readonly string[],
  { label, line }: { readonly label: string | undefined; readonly line: string | undefined },
): string {
  return label ?? line ?? command.map(quoted).join(' ');
}

/** Quoted for a shell, so that a shown command line is unambiguous and can be copied. */
export function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
