import { Command } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addOptions } from '../../src/cli/add-options.js';
import { BEAT_OPTIONS } from '../../src/cli/beat/beat.js';
import { CliError } from '../../src/cli/errors/cli-error.js';
import type { OptionSpec } from '../../src/cli/option-spec.js';
import { type Reading, readQuickly } from '../../src/cli/quick-reading.js';
import { RUN_OPTIONS } from '../../src/cli/run/read-options.js';

const WORDS = [
  ...RUN_OPTIONS.flatMap(({ flags }) => flags.replace(/<.*>/, '').split(/[ ,]+/)),
  ...['--heartbeat=output', '--heartbeat=hope', '--on-stall=warn', '--wait=30s', '--quiet=yes', '--force='],
  ...['-c', '--command=a | b', '--command=', '--label=', '--label= ', '--label=a b=c', 'a b'],
  ...['alive', 'file:a b', 'warn', '30s', '1h', '0', '9', '256', 'soon', 'infinity'],
  ...['backup', './a.lock', '', '-', '-x', '-w30s', '-qw', '--help', '--wiat', '--', '--progress', '0.4'],
];

describe('what is read quickly', () => {
  it('commander reads as well, and in the same way', () => {
    const commandLine = fc.array(fc.constantFrom(...WORDS), { maxLength: 6 });
    let quickly = 0;
    fc.assert(
      fc.property(commandLine, fc.constantFrom(RUN_OPTIONS, BEAT_OPTIONS), (args, specs) => {
        const quick = unlessRefused(() => readQuickly(args, specs));
        if (quick === null) return;
        quickly++;
        expect(quick).toEqual(unlessRefused(() => readByCommander(args, specs)));
      }),
      { numRuns: 3000 },
    );
    expect(quickly).toBeGreaterThan(300);
  });

  it('is every command line that is in order', () => {
    const args = [
      '-w',
      '30s',
      '--heartbeat=output',
      '--kill-stalled',
      'backup',
      '-E',
      '9',
      '--timeout',
      '2h',
    ];
    expect(readQuickly(args, RUN_OPTIONS)).toEqual({
      operands: ['backup'],
      given: {
        heartbeat: { by: 'output' },
        onStall: 'end',
        killAfter: 10_000,
        holdAtLeast: 0,
        wait: 30_000,
        killStalled: true,
        conflictExitCode: 9,
        timeout: 7_200_000,
      },
    });
  });

  it('is no question for help, and nothing that is not in order', () => {
    for (const args of [['--help'], ['--wiat', '1s'], ['--wait'], ['--wait', 'soon'], ['--on-stall', 'hope']])
      expect(readQuickly(args, RUN_OPTIONS)).toBeNull();
  });
});

/** What is refused is refused in the same words. */
function unlessRefused(read: () => Reading | null): Reading | string | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof CliError) return error.message;
    throw error;
  }
}

function readByCommander(args: readonly string[], specs: readonly OptionSpec[]): Reading {
  const command = addOptions(new Command(), specs)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .argument('[operand...]');
  command.parse(args, { from: 'user' });
  return { operands: command.args, given: command.opts() };
}
