import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { oneLine } from '../../../core/describe-holder.js';
import { attempt } from '../../../system/attempt.js';
import { systemCode } from '../../../system/system-code.js';
import { CliError, UsageError } from '../../errors/cli-error.js';
import { ExitCode } from '../../errors/exit-codes.js';
import { quoted } from '../options/wrapped-command.js';

const OF_SHELL = 'What only a shell understands (cd, ulimit, VAR=value) needs -c LINE.';

/**
 * Finds the program as execvp(3) would, before anything is locked, and returns its file. Throws
 * with the exit codes of a shell. Windows chooses the file when it starts the program, so there its name is returned.
 */
export function expectProgram(program: string): string {
  if (program === '') throw new UsageError('The command to run must not be empty.');
  if (process.platform === 'win32') return expectOnWindows(program);
  const files = program.includes('/')
    ? [program].filter((file) => existsSync(file))
    : inPath(program).filter(isFile);
  const [first] = files;
  if (first === undefined) {
    throw isForbidden(program)
      ? new CliError(ExitCode.notExecutable, `${oneLine(program)} cannot be executed: permission denied.`)
      : new CliError(ExitCode.notFound, notFound(program));
  }
  const found = files.find(isExecutable);
  if (found !== undefined) return found;
  const what = isFile(first)
    ? 'cannot be executed. Make it executable (chmod +x), or put its interpreter in front.'
    : 'is not a file.';
  throw new CliError(ExitCode.notExecutable, `${oneLine(first)} ${what}`);
}

function notFound(program: string): string {
  // More than the name of a program: `echo hi | wc`.
  if (/[\s|&;<>$`]/.test(program))
    return `There is no command ${quoted(program)}. To run a line of the shell, use -c ${quoted(program)}, or -- sh -c ${quoted(program)}.`;
  if (!program.includes('/'))
    return isFile(program)
      ? `There is no command ${oneLine(program)} in PATH. To run the file in this folder, write ./${oneLine(program)}.`
      : `There is no command ${oneLine(program)}. Give its path, or add its folder to PATH. ${OF_SHELL}`;
  return isAbsolute(program)
    ? `There is no file ${oneLine(program)}.`
    : `There is no file ${oneLine(program)} in ${oneLine(process.cwd())}. Give its full path, or change to its folder first.`;
}

/** Whatever is in the current folder comes first there, and a name may lack its extension. */
function expectOnWindows(program: string): string {
  const { PATH = '', PATHEXT = '.COM;.EXE;.BAT;.CMD' } = process.env;
  const folders = /[\\/:]/.test(program) ? [''] : ['.', ...PATH.split(delimiter)];
  const extensions = ['', ...PATHEXT.split(';')];
  const isFound = folders.some((folder) =>
    extensions.some((extension) => isFile(join(folder, program + extension))),
  );
  if (isFound) return program;
  throw new CliError(
    ExitCode.notFound,
    `There is no command ${oneLine(program)}. Give its path, or add its folder to PATH. Commands that are built into cmd.exe need -c.`,
  );
}

/** What execvp(3) searches without PATH: `confstr(_CS_PATH)`. */
function inPath(program: string): string[] {
  const folders = (process.env['PATH'] ?? '/bin:/usr/bin').split(delimiter);
  return folders.map((folder) => join(folder || '.', program));
}

export function isExecutable(file: string): boolean {
  return attempt(() => {
    accessSync(file, constants.X_OK);
    return isFile(file);
  }, false);
}

/** Whether a folder on the way to the program may not be entered. */
function isForbidden(program: string): boolean {
  try {
    accessSync(program);
    return false;
  } catch (error) {
    return program.includes('/') && systemCode(error) === 'EACCES';
  }
}

function isFile(file: string): boolean {
  return attempt(() => statSync(file).isFile(), false);
}
