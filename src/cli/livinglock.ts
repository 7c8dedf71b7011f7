#!/usr/bin/env node
// The command `livinglock`. Each subcommand is in a file or folder of its name.

import { CommanderError } from 'commander';
import { CliError } from './cli-error.js';
import { WRAPPING } from './commands.js';
import { ExitCode } from './exit-codes.js';
import { createProgram } from './program.js';
import { say } from './report.js';

const given = process.argv.slice(2);
const separator = WRAPPING.has(given[0]) ? given.indexOf('--') : -1;
const args = separator === -1 ? given : given.slice(0, separator);
const wrapped = separator === -1 ? null : given.slice(separator + 1);

process.stdout.on('error', (error) => {
  // Whoever reads may have seen enough: `livinglock status | head -1`.
  if ('code' in error && error.code === 'EPIPE') process.exit();
  say(`Cannot write to the standard output: ${error.message}`);
  process.exit(ExitCode.output);
});

try {
  const program = await createProgram(args[0], wrapped);
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  process.exitCode = await explain(error);
}
// What is still open by now, a pipe of a daemon that the command has left behind, is no reason to stay.
process.exit();

/** Says in one line what went wrong, and gives the exit code. */
async function explain(error: unknown): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof CliError) {
    say(error.message);
    return error.exitCode;
  }
  // Only now, because `--help` and most mistakes can do without it.
  const { LivingLockError } = await import('../index.js');
  if (error instanceof LivingLockError) {
    say(error.message);
    return ExitCode.store;
  }
  say(`This is a bug of livinglock: ${error instanceof Error ? error.stack : error}`);
  return ExitCode.internal;
}
