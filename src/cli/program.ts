import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { COMMANDS } from './commands.js';
import { defineHelp } from './help.js';
import { oneLine } from './report.js';

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
  for (const define of await Promise.all(loads.map((each) => each()))) define(program, wrapped);
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
