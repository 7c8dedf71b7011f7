import { readFileSync } from 'node:fs';
import { ExitCode } from './errors/exit-codes.js';
import { type Command, type Commands, VERSION } from './grammar/command-definition.js';
import { stdout, write } from './terminal/messages.js';
import { writeOut } from './terminal/write-all.js';

/** The command line without a subcommand. */
export function programOf(subcommands: Commands): Command {
  const program: Command = {
    name: '',
    summary: '',
    description:
      'Keeps a scheduled job from running twice, with a lock that is taken over as soon as its holder is dead or has stopped working.',
    usage: '[options] [command]',
    options: { version: VERSION },
    operands: {},
    subcommands,
    notes: 'What each exit code means: livinglock help exit-codes.',
    async run() {
      const { helpFor } = await import('./grammar/help-text.js');
      await writeOut(2, Buffer.from(await helpFor(program, process.stdout.columns)));
      return ExitCode.usage;
    },
  };
  return program;
}

/** Prints the help of a command. Returns the exit code. */
export async function printHelp(command: Command): Promise<number> {
  const { helpFor } = await import('./grammar/help-text.js');
  await write(await helpFor(command, stdout().columns));
  return ExitCode.ok;
}

export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const found: unknown = JSON.parse(text);
  return typeof found === 'object' && found !== null && 'version' in found
    ? String(found.version)
    : 'unknown';
}
