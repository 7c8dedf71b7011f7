import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { oneLine } from '../../core/describe.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { quoted } from './command-line.js';

/**
 * Makes sure, before anything is locked, that there is such a program, as execvp(3) would find it, and gives its file. Throws
 * with the exit codes of a shell. Windows finds programs in its own way; there the start says whether it did.
 */
export function expectProgram(program: string): string {
  if (program === '') throw new CliError(ExitCode.usage, 'The command to run must not be empty.');
  if (process.platform === 'win32') return program;
  const candidates = program.includes('/') ? [program] : inPath(program);
  const files = candidates.filter(isThere);
  if (files.length === 0) {
    throw new CliError(
      ExitCode.notFound,
      isForShell(program)
        ? `There is no command ${quoted(program)}. A line for the shell is run by -c ${quoted(program)}, or by -- sh -c ${quoted(program)}.`
        : `There is no command ${oneLine(program)}. Name it by its path, or put its folder into PATH.`,
    );
  }
  const found = files.find(isExecutable);
  if (found === undefined) {
    throw new CliError(
      ExitCode.notExecutable,
      `${oneLine(files[0] ?? program)} cannot be executed. Make it executable (chmod +x), or name its interpreter too.`,
    );
  }
  return found;
}

/** Whether that is more than the name of a program: `echo hi | wc`. */
function isForShell(program: string): boolean {
  return /[\s|&;<>$`]/.test(program);
}

/** Without PATH, what execvp(3) searches: `confstr(_CS_PATH)`. */
function inPath(program: string): string[] {
  const folders = (process.env['PATH'] ?? '/bin:/usr/bin').split(delimiter);
  return folders.map((folder) => join(folder || '.', program));
}

function isThere(file: string): boolean {
  try {
    statSync(file);
    return true;
  } catch {
    return false;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
