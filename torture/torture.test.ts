import type { ChildProcessByStdio } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { death } from '../support/actors.js';
import { canUnshare, isPosix, processState } from '../support/machine.js';
import { fact, faultsIn, run, someRecord, start } from './tortured.js';

const CROWD = ['--processes', '5', '--kill', '0.3'];

describe.skipIf(!isPosix)('processes that are killed and stopped', () => {
  test('never overlap while a holder may not be taken over alive', async () => {
    const { code, output } = await run(...CROWD, '--stop', '0.3', '--seconds', '12', '--seed', '1');

    expect(faultsIn(output)).toEqual([]);
    expect(code).toBe(0);
    expect(fact(output, 'overlaps')).toBe(0);
    expect(fact(output, 'locks lost')).toBe(0);
    expect(fact(output, 'commands')).toBeGreaterThan(0);
    expectSomethingHasHappened(output);
  });

  test.skipIf(!canUnshare)('never overlap between PID namespaces either', async () => {
    const places = ['--namespaces', '3', '--processes', '6', '--commands', '2'];
    const { code, output } = await run(
      ...CROWD,
      ...places,
      '--stop',
      '0.2',
      '--seconds',
      '15',
      '--seed',
      '4',
    );

    expect(faultsIn(output)).toEqual([]);
    expect(code).toBe(0);
    expect(fact(output, 'overlaps')).toBe(0);
    expect(output).toMatch(/^ {2}to another one: median /m);
    expectSomethingHasHappened(output);
  });

  test('overlap only by legitimate takeovers where holders may be taken over when they are silent', async () => {
    const stops = ['--stop', '0.6', '--stale-timeout', '100', '--commands', '1'];
    let overlaps = 0;
    // On a busy machine there are few turns, and in none of them a holder may wake up after it was taken over.
    for (let seed = 2; seed <= 6 && overlaps === 0; seed++) {
      const { code, output } = await run(...CROWD, ...stops, '--seconds', '8', '--seed', String(seed));
      expect(faultsIn(output)).toEqual([]);
      expect(code).toBe(0);
      expectSomethingHasHappened(output);
      overlaps = fact(output, 'overlaps');
    }
    expect(overlaps).toBeGreaterThan(0);
  });
});

test.skipIf(!isPosix)('it is found out where nothing guards a change', async () => {
  const { code, output } = await run(
    ...['--breakage', 'no-guard', '--processes', '4', '--commands', '0', '--seconds', '8', '--seed', '3'],
    ...['--kill', '0', '--stop', '0.6', '--stale-timeout', '100'],
  );

  // Overlaps that no takeover explains, tokens out of order, or calls that fail because one contender interferes with another.
  expect(faultsIn(output).length).toBeGreaterThan(0);
  expect(code).toBe(1);
});

test.skipIf(!isPosix)('Ctrl+C ends the processes and removes the files', async () => {
  const { command, folder } = start('--processes', '3', '--seconds', '600', '--stop', '0.5');
  const { process_id: holder } = await someRecord(folder);

  await interrupt(command);

  expect(processState(holder)).toBe('');
  expect(readdirSync(folder)).toEqual([]);
});

test.skipIf(!isPosix)('Ctrl+C ends a command and its runner', async () => {
  const { command, folder } = start('--processes', '1', '--commands', '3', '--seconds', '600');
  const { process_id: runner, workers } = await someRecord(folder, ({ workers }) => workers !== undefined);

  await interrupt(command);

  expect(processState(runner)).toBe('');
  // It may still be a zombie until its new parent reaps it.
  for (const { pid } of workers ?? []) expect(processState(pid)).toMatch(/^Z?$/);
  expect(readdirSync(folder)).toEqual([]);
});

describe.skipIf(!isPosix)(
  'arguments that make no sense are refused with the help and the exit code 2',
  () => {
    test.each([
      ['--processes 0', '--processes must be a number from 1 to 256'],
      ['--processes 2.5', '--processes must be an integer'],
      ['--commands 65', '--commands must be a number from 0 to 64'],
      ['--namespaces 65', '--namespaces must be a number from 0 to 64'],
      ['--seconds soon', "--seconds must be a number from 0 to 86400, but is 'soon'"],
      ['--kill 0.7 --stop 0.7', '--stop must be a number from 0 to'],
      ['--stale-timeout 0', '--stale-timeout must be a number from 1 to'],
      ['--folder /does/not/exist', '--folder must be a folder that can be written to'],
      ['--breakage unknown', '--breakage must be one of plain-proper-lockfile'],
      ['--unknown', "Unknown option '--unknown'"],
    ])('%s', async (args, message) => {
      const { code, output, errors } = await run(...args.split(' '));

      expect(errors).toContain(message);
      expect(errors).toContain('Usage: npm run torture');
      expect(output).toBe('');
      expect(code).toBe(2);
    });
  },
);

function expectSomethingHasHappened(output: string): void {
  for (const name of ['acquisitions', 'busy answers', 'crashes', 'stops']) {
    expect(fact(output, name), name).toBeGreaterThan(0);
  }
  expect(fact(output, 'files left')).toBe(0);
}

async function interrupt(command: ChildProcessByStdio<null, Readable, Readable>): Promise<void> {
  command.kill('SIGINT');
  expect(await text(command.stderr)).toContain('Interrupted');
  expect((await death(command)).code).toBe(130);
}
