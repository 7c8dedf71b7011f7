// The command line. Each subcommand has a file or folder of the same name.

import { COMMANDS, HIDDEN } from './commands.js';
import { endEarly } from './early-signal.js';
import { describeError } from './errors/describe-error.js';
import { ExitCode } from './errors/exit-codes.js';
import { execute } from './grammar/execute.js';
import { programOf, version } from './program.js';
import { exit } from './terminal/exit-despite-hung-write.js';
import { say } from './terminal/messages.js';
import { shareStderr } from './terminal/shared-stderr.js';

export function main(): void {
  shareStderr();
  process.on('SIGUSR1', endEarly);

  // Something may still be open, such as a pipe of a daemon that the command left behind. It must not keep this process alive.
  void run().then(exit);

  // Node ends with 0 when nothing is left that could happen, whatever is still waited for.
  process.once('beforeExit', () => {
    process.exitCode = ExitCode.internal;
    say('This is a bug in livinglock: it waits for something that will never happen.');
  });
}

async function run(): Promise<number> {
  try {
    return await execute(process.argv.slice(2), {
      root: programOf(COMMANDS),
      commands: COMMANDS,
      hidden: HIDDEN,
      version,
    });
  } catch (error) {
    return explain(error);
  }
}

/** Reports in one line what went wrong. Returns the exit code. */
async function explain(error: unknown): Promise<number> {
  const { message, exitCode } = await describeError(error);
  say(message);
  return exitCode;
}
