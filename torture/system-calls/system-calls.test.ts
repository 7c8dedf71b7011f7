import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { death } from '../../support/actors.js';
import { whyNotHere } from './strace.js';

const COMMAND = fileURLToPath(new URL('../../build/torture/system-calls/system-calls.js', import.meta.url));
const MOST_TRIES = 12;

describe.skipIf(whyNotHere() !== null)(
  'livinglock with a system call that fails',
  { timeout: 120_000 },
  () => {
    test('keeps its promises', async () => {
      const { status, stdout } = await run('--runs', '25', '--seconds', '30', '--seed', '1');

      expect(stdout).toContain('violations: 0: all that must hold did');
      expect(status).toBe(0);
    });

    test('is caught if it frees the lock while its command goes on', async () => {
      const fault = ['--job', 'output', '--call', 'fcntl', '--error', 'EMFILE'];
      // On a busy machine the command may have ended before anybody looks whether it is alive.
      const { status, stdout } = await runUntilFound('--breakage', 'abandoned-command', '--every', ...fault);

      expect(stdout).toContain('it ended while its command was still alive');
      expect(stdout).toMatch(
        /^ {2}strace -e trace=fcntl -e inject=fcntl:error=EMFILE:when=\d+ node dist\/bin\/livinglock\.js run --heartbeat output/m,
      );
      expect(status).toBe(1);
    });

    test('is caught if it starts its command although the lock is stale by then', async () => {
      const confirmation = ['--job', 'stale', '--call', 'rename', '--when', '3'];
      // The next run may look a moment too late: then a heartbeat has been sent, and the lock is fresh again.
      const { stdout } = await runUntilFound('--breakage', 'late-start', '--every', ...confirmation);

      expect(stdout).toContain('the command of the successor began while another was at work');
    });
  },
);

test('without strace one line says so', async () => {
  const { status, stdout, stderr } = await runWith({ PATH: '/does/not/exist' });

  expect(stderr).toMatch(/^.*strace.*\n$/);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test.each([
  ['--runs 0', '--runs must be a number from 1 to'],
  [
    '--job sleep',
    "--job must be one of alive, output, file, log, dead, held, stale, beat, break, but is 'sleep'",
  ],
  ['--call frob', '--call must be one of openat, '],
  ['--error EHUH', '--error must be one of EIO, '],
  ['--breakage unknown', '--breakage must be one of abandoned-command, late-start'],
  ['--unknown', "Unknown option '--unknown'"],
])('%s is refused with the help and the exit code 2', async (args, message) => {
  const { status, stdout, stderr } = await run(...args.split(' '));

  expect(stderr).toContain(message);
  expect(stderr).toContain('Usage: npm run torture:calls');
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

function run(...args: readonly string[]) {
  return runWith(process.env, ...args);
}

/** Where what is looked for shows only if a process looks at the right moment. */
async function runUntilFound(...args: readonly string[]) {
  for (let tries = 1; ; tries++) {
    const ended = await run(...args);
    if (tries === MOST_TRIES || ended.stdout.includes('VIOLATION')) return ended;
  }
}

async function runWith(env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const command = spawn(process.execPath, [COMMAND, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void command.kill('SIGTERM'));
  const [stdout, stderr] = await Promise.all([text(command.stdout), text(command.stderr)]);
  return { status: (await death(command)).code, stdout, stderr };
}
