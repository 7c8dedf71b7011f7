import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/**
 * The program and its arguments: those behind `--`, or a shell with the line of `-c`.
 *
 * @param wrapped What stands behind `--`; `null` where there is no `--`.
 * @param missing What to say where there is neither.
 */
export function commandOf(
  wrapped: readonly string[] | null,
  line: string | undefined,
  missing: string,
): readonly string[] {
  if (line === undefined) {
    if (wrapped === null) throw new CliError(ExitCode.usage, missing);
    return wrapped;
  }
  if (wrapped === null) return process.platform === 'win32' ? [...CMD, `"${line}"`] : ['/bin/sh', '-c', line];
  throw new CliError(ExitCode.usage, 'Give the command either by -c or behind --, not both.');
}

const CMD = ['cmd.exe', '/d', '/s', '/c'];

/** Whether that is a line for cmd.exe, which reads what stands between the outer quotes as it is. */
export function isForCmd(command: readonly string[]): boolean {
  return CMD.every((word, index) => command[index] === word) && /^".*"$/s.test(command[CMD.length] ?? '');
}

/** As a shell would want it, so that what others are shown can be told apart, and copied. */
export function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
