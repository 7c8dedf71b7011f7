import { oneLine } from '../../../core/describe-holder.js';
import { remedyFor } from '../../../core/system-error-remedies.js';
import { isError } from '../../../system/is-error.js';
import { messageOf } from '../../../system/message-of.js';
import { systemCode } from '../../../system/system-code.js';
import { CliError } from '../../errors/cli-error.js';
import { ExitCode } from '../../errors/exit-codes.js';

/** EINVAL: the number of the inherited socket is above the limit (fcntl(2), F_DUPFD). */
const OUT_OF_DESCRIPTORS: ReadonlySet<string | null> = new Set(['EMFILE', 'ENFILE', 'EINVAL']);

/** Why a command that was found could not be started. */
export function notStarted(program: string, error: unknown): CliError {
  // The program itself was found. As a shell does, this counts as not found.
  if (systemCode(error) === 'ENOENT' && isError(error) && 'path' in error && error.path === program) {
    return new CliError(
      ExitCode.notFound,
      `Cannot start ${oneLine(program)}: its interpreter does not exist. If it is a script, check its first line (#!), which must not end in CR LF. If it is a binary, it may have been built for another C library.`,
    );
  }
  const remedy = OUT_OF_DESCRIPTORS.has(systemCode(error)) ? ` ${remedyFor('EMFILE')}` : '';
  return new CliError(
    ExitCode.notExecutable,
    `Cannot start ${oneLine(program)}: ${messageOf(error)}.${remedy}`,
  );
}
