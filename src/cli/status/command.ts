import type { Command } from 'commander';
import { toOption } from '../add-options.js';
import { STORE_OPTION, type StoreAddress } from '../stores/store-option.js';

interface Given {
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly store?: StoreAddress;
}

export function defineStatus(program: Command): void {
  program
    .command('status')
    .summary('show who holds which lock')
    .description(
      'Shows who holds the locks, since when, and how far they are: of those that are named, or of all that are held among the named locks of this user.',
    )
    .argument('[lock...]', 'locks: names, or paths')
    .option('--json', 'print JSON of the shape docs/status.schema.json')
    .option('--watch', 'go on until Ctrl-C: refresh in place on a terminal, else print anew at each change')
    .addOption(toOption(STORE_OPTION))
    .addHelpText(
      'after',
      `
Examples:
  livinglock status
  livinglock status --watch backup /var/lib/importer/nightly.lock
  livinglock status --json | jq -r '.[] | select(.state == "stalled") | .pid'

Exits with 0 if all are held by the living, with 1 if one is free, with 3 if one is stalled or dead, which counts more
than 1. With --json --watch each change is an array in one line.`,
    )
    .action(async (locks: readonly string[], { json = false, watch = false, store }: Given) => {
      if (watch) {
        const { watchStatus } = await import('./watch-status.js');
        await watchStatus(locks, json, store);
      } else {
        const { status } = await import('./status.js');
        process.exitCode = await status(locks, json, store);
      }
    });
}
