import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands.js';
import { ExitCode } from './errors/exit-codes.js';
import { defineHelp } from './help.js';
import { oneLine, said, say } from './terminal/messages.js';

/** Does what the command line says, and gives the exit code. */
export async function runProgram(
  args: readonly string[],
  wrapped: readonly string[] | null,
): Promise<number> {
  process.stdout.on('error', (error) => {
    // Whoever reads may have seen enough: `livinglock status | head -1`.
    if ('code' in error && error.code === 'EPIPE') process.exit();
    say(`Cannot write to the standard output: ${error.message}`);
    void said().then(() => process.exit(ExitCode.output));
  });
  try {
    const program = await createProgram(args[0], wrapped);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // commander itself has said why.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    throw error;
  }
  return Number(process.exitCode ?? ExitCode.ok);
}

/** All subcommands, or only the one that is named. */
export async function createProgram(
  only: string | undefined,
  wrapped: readonly string[] | null,
): Promise<Command> {
  const program = new Command('livinglock')
    .description(
      'Keeps a scheduled job from running twice, by a lock that is taken over as soon as its holder is dead, or has stopped working.',
    )
    .exitOverride()
    .configureOutput({
      // "error: unknown option '--wiat'\n(Did you mean --wait?)" in one line.
      outputError: (text, write) => write(`livinglock: ${oneLine(text.replace(/^error: /, ''))}\n`),
    })
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .addHelpText('after', '\nWhat each exit code means: livinglock help exit-codes.');
  const load = only === undefined ? undefined : COMMANDS.get(only);
  const loads = load === undefined ? [...COMMANDS.values()] : [load];
  for (const define of await Promise.all(loads.map((each) => each()))) {
    define(program, wrapped, () => createProgram(undefined, null));
  }
  defineHelp(program);
  return program;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const found: unknown = JSON.parse(text);
  return typeof found === 'object' && found !== null && 'version' in found
    ? String(found.version)
    : 'unknown';
}
