import { LivingLockError } from '../../core/errors.js';
import { remedyFor } from '../../core/system-error-remedies.js';
import { messageOf } from '../../system/message-of.js';
import { systemCode } from '../../system/system-code.js';
import { InvalidArgument } from '../grammar/parse-value.js';
import { UnknownWord } from '../grammar/unknown-word.js';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';

/** What went wrong, for people, and the exit code that stands for it: of anything that a subcommand throws. */
export async function describeError(error: unknown): Promise<{ message: string; exitCode: number }> {
  if (error instanceof CliError) {
    const message = error instanceof UnknownWord ? await error.explain() : error.message;
    return { message, exitCode: error.exitCode };
  }
  if (error instanceof InvalidArgument) return { message: error.message, exitCode: ExitCode.usage };
  if (error instanceof LivingLockError) return { message: error.message, exitCode: ExitCode.store };
  const trouble = describeTrouble(error);
  if (trouble !== null) return { message: trouble, exitCode: ExitCode.store };
  const what = error instanceof Error ? error.stack : error;
  return { message: `This is a bug in livinglock: ${what}`, exitCode: ExitCode.internal };
}

/** What the system refused, and what to do about it; `null` for an error that is not the system's, which means a bug. */
function describeTrouble(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  // The modules of livinglock have relative paths, those of drivers have names.
  if (
    'code' in error &&
    error.code === 'MODULE_NOT_FOUND' &&
    /^Cannot find module '\.\.?\//.test(error.message)
  ) {
    const [missing] = error.message.split('\n');
    return `A part of livinglock is missing or cannot be read: ${missing}. Install it again, or check the disk.`;
  }
  const code = systemCode(error);
  if (code === null) return null;
  if ('syscall' in error && error.syscall === 'uv_cwd') {
    return 'The folder in which livinglock was started no longer exists. Change to another folder (cd), or use paths that begin with a slash.';
  }
  const remedy = remedyFor(code);
  return `${messageOf(error)}.${remedy && ` ${remedy}`}`;
}
