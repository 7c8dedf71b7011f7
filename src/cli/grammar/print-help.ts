import { ExitCode } from '../errors/exit-codes.js';
import { stdout, write } from '../terminal/messages.js';
import type { Command } from './command-definition.js';

/** Prints the help of a command. Returns the exit code. */
export async function printHelp(command: Command): Promise<number> {
  const { helpFor } = await import('./help-text.js');
  await write(await helpFor(command, stdout().columns));
  return ExitCode.ok;
}
