#!/usr/bin/env node

// The command `livinglock`. Each subcommand has a file or folder of the same name.

import { COMMANDS, HIDDEN } from './commands.js';
import { endEarly } from './early-signal.js';
import { CliError } from './errors/cli-error.js';
import { ExitCode } from './errors/exit-codes.js';
import { describeTrouble } from './errors/trouble.js';
import { execute } from './grammar/execute.js';
import { InvalidArgument } from './grammar/invalid-argument.js';
import { UnknownWord } from './grammar/unknown-word.js';
import { programOf, version } from './program.js';
import { said, say } from './terminal/messages.js';

process.on('SIGUSR1', endEarly);

// Something may still be open, such as a pipe of a daemon that the command left behind. It must not keep this process alive.
void main().then(async (code) => {
  await said();
  process.exit(code);
});

async function main(): Promise<number> {
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
  if (error instanceof CliError) {
    say(error instanceof UnknownWord ? await error.explain() : error.message);
    return error.exitCode;
  }
  if (error instanceof InvalidArgument) {
    say(error.message);
    return ExitCode.usage;
  }
  // Loaded only now, because `--help` and most mistakes do without it.
  const { LivingLockError } = await import('../index.js');
  if (error instanceof LivingLockError) {
    say(error.message);
    return ExitCode.store;
  }
  const trouble = describeTrouble(error);
  if (trouble !== null) {
    say(trouble);
    return ExitCode.store;
  }
  say(`This is a bug in livinglock: ${error instanceof Error ? error.stack : error}`);
  return ExitCode.internal;
}
