import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { attempt } from '../../../system/attempt.js';
import { UsageError } from '../../errors/cli-error.js';

// Node reads arguments and variables as UTF-8, replaces invalid bytes with U+FFFD, and has no way to pass the original bytes on.

const REPLACED = '\u{fffd}';

/** Refuses to run a command with a changed argument: it may name a file to be removed. */
export function expectUtf8Arguments(): void {
  if (!process.argv.some((argument) => argument.includes(REPLACED))) return;
  if (entriesOf('/proc/self/cmdline').every((entry) => isUtf8(entry))) return;
  throw new UsageError(
    'An argument is not UTF-8, and the command would not get it unchanged. Match the file with a pattern (-c "./import *.csv"), or name it in a script.',
  );
}

/** The names of the variables that would reach the command changed. */
export function variablesNotUtf8(): readonly string[] {
  const isAnyReplaced = Object.entries(process.env).some((entry) => entry.join('').includes(REPLACED));
  if (!isAnyReplaced) return [];
  return entriesOf('/proc/self/environ')
    .filter((entry) => !isUtf8(entry))
    .map((entry) => entry.toString('utf8').replace(/=.*/s, ''));
}

/** The original bytes, each value ended by a NUL (proc(5)). Empty if there is no such file. */
export function entriesOf(file: string): readonly Buffer[] {
  const bytes = attempt(() => readFileSync(file), Buffer.alloc(0));
  const values = bytes.toString('latin1').split('\0');
  return values.slice(0, -1).map((value) => Buffer.from(value, 'latin1'));
}
