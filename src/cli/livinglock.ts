#!/usr/bin/env node

// The command `livinglock`. Each subcommand is in a file or folder of its name.

import { QUICKLY } from './commands.js';
import { endEarly } from './early-signal.js';
import { CliError } from './errors/cli-error.js';
import { ExitCode } from './errors/exit-codes.js';
import { describeTrouble } from './errors/trouble.js';
import { InvalidArgument } from './invalid-argument.js';
import { said, say } from './terminal/messages.js';
import { WRAPPING } from './wrapping.js';

process.on('SIGUSR1', endEarly);

const given = process.argv.slice(2);
const separator = WRAPPING.has(given[0]) ? given.indexOf('--') : -1;
const args = separator === -1 ? given : given.slice(0, separator);
const wrapped = separator === -1 ? null : given.slice(separator + 1);

// What is still open when it is done, a pipe of a daemon that the command has left behind, is no reason to stay.
void main().then(async (code) => {
  await said();
  process.exit(code);
});

async function main(): Promise<number> {
  try {
    const quickly = await QUICKLY.get(args[0])?.();
    const code = await quickly?.(args.slice(1), wrapped);
    if (typeof code === 'number') return code;
    const { runProgram } = await import('./program.js');
    return await runProgram(args, wrapped);
  } catch (error) {
    return explain(error);
  }
}

/** Says in one line what went wrong, and gives the exit code. */
async function explain(error: unknown): Promise<number> {
  if (error instanceof CliError) {
    say(error.message);
    return error.exitCode;
  }
  if (error instanceof InvalidArgument) {
    say(error.message);
    return ExitCode.usage;
  }
  // Only now, because `--help` and most mistakes can do without it.
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
  say(`This is a bug of livinglock: ${error instanceof Error ? error.stack : error}`);
  return ExitCode.internal;
}
