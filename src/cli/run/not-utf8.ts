import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

// Node reads arguments and variables as UTF-8, and puts U+FFFD in the place of what is not. It has no way to hand the bytes on.

const REPLACED = '\u{fffd}';

/** Refuses to run a command with another argument than was meant: it may be the name of a file to be removed. */
export function expectUtf8Arguments(): void {
  if (!process.argv.some((argument) => argument.includes(REPLACED))) return;
  if (!entriesOf('/proc/self/cmdline').some(isNotUtf8)) return;
  throw new CliError(
    ExitCode.usage,
    'An argument is not UTF-8, and would reach the command changed. Name the file by a pattern, or in a script: -c "./import *.csv".',
  );
}

/** The names of the variables that reach the command changed. */
export function variablesNotUtf8(): readonly string[] {
  const isAnyReplaced = Object.entries(process.env).some((entry) => entry.join('').includes(REPLACED));
  if (!isAnyReplaced) return [];
  return entriesOf('/proc/self/environ')
    .filter(isNotUtf8)
    .map((entry) => entry.toString('utf8').replace(/=.*/s, ''));
}

/** What the system keeps, each ended by a NUL (proc(5)). None where there is no such file. */
function entriesOf(file: string): readonly Buffer[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return [];
  }
  const entries: Buffer[] = [];
  for (let start = 0, end = bytes.indexOf(0); end !== -1; start = end + 1, end = bytes.indexOf(0, start)) {
    entries.push(bytes.subarray(start, end));
  }
  return entries;
}

function isNotUtf8(bytes: Buffer): boolean {
  return !isUtf8(bytes);
}
