import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isLinux, isPosix, waitForEndOf } from '../support/machine.js';
import { pingServer } from '../support/ping-server.js';
import { killAtTheEnd, poll } from '../support/running.js';
import { Desk } from './support/desk.js';

// `livinglock run --retry` and `--jitter`.

/** Fails until it has been called that often. */
const works = (attempt: number) => `echo try >> tries; [ "$(wc -l < tries)" -ge ${attempt} ] || exit 4`;
const SOON = ['--retry', '3', '--retry-delay', '10ms'];
/** Long enough for a test, which ends it. */
const LATER = ['--retry', '3', '--retry-delay', '1h'];

const tries = (desk: Desk) => {
  const file = join(desk.folder, 'tries');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
};

async function runsOf(desk: Desk): Promise<readonly object[]> {
  const { stdout } = await desk.run(['history', '--json', 'job']);
  return JSON.parse(stdout)[0].runs;
}

describe.skipIf(!isPosix)('a run with --retry', () => {
  test('repeats a command that fails, and the history has each attempt', async () => {
    const desk = new Desk();
    expect(await desk.run(['run', ...SOON, 'job', '-c', works(3)])).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
    expect(tries(desk)).toBe(3);
    const runs = await runsOf(desk);
    expect(runs).toMatchObject([
      { outcome: 'failed', exitCode: 4, attempt: 1 },
      { outcome: 'failed', exitCode: 4, attempt: 2 },
      { outcome: 'succeeded', exitCode: 0, attempt: 3 },
    ]);
    expect(new Set(runs.map((run) => Reflect.get(run, 'id'))).size).toBe(1);
    const { stdout } = await desk.run(['history', 'job']);
    expect(stdout).toMatch(/OUTCOME +EXIT +TRY\n(?:job .*failed +4 +[12]\n){2}job .*succeeded +0 +3\n$/);
  });

  test('has the exit status of the last attempt', async () => {
    const desk = new Desk();
    const line = 'echo try >> tries; exit "$(wc -l < tries)"';
    expect(await desk.run(['run', ...SOON, 'job', '-c', line])).toMatchObject({ code: 4 });
  });

  test.each<[string, string[], number]>([
    ['success', ['job', '-c', 'echo try >> tries'], 1],
    ['missing command', ['job', '--', 'no-such-command'], 0],
    ['lost lock', ['job', '-c', 'echo try >> tries; "$LIVINGLOCK" break --force job; exit 4'], 1],
    ['command that was killed', ['job', '-c', 'echo try >> tries; kill -KILL $$'], 4],
    ['time limit', ['--timeout', '300ms', 'job', '-c', 'echo try >> tries; exec sleep 1000'], 4],
    [
      'stall',
      [
        '--heartbeat',
        'manual',
        '--stale-timeout',
        '300ms',
        'job',
        '-c',
        'echo try >> tries; exec sleep 1000',
      ],
      4,
    ],
    ['failure without the lock', ['--force', 'job', '-c', 'echo try >> tries; exit 4'], 4],
  ])('after a %s', async (_what, args, expected) => {
    const desk = new Desk();
    await desk.run(['run', '--no-history', ...SOON, ...args]);
    expect(tries(desk)).toBe(expected);
    expect(desk.holds('job')).toBe(false);
  });

  test('does not repeat a command whose output nobody reads', async () => {
    const desk = new Desk();
    const line = 'echo try >> tries; for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.05; done';
    const { stdout } = await desk.bash(
      `livinglock run --heartbeat output ${SOON.join(' ')} job -c '${line}' | head -1; echo "\${PIPESTATUS[0]}"`,
    );
    expect(stdout).toBe('1\n141\n');
    expect(tries(desk)).toBe(1);
  });

  test.each([[[]], [['--log', '--output', 'on-failure']]])(
    'holds the lock between two attempts, until a signal comes: %j',
    async (options) => {
      const desk = new Desk();
      const run = desk.start(['run', ...LATER, ...options, '--stale-timeout', '1s', 'job', '-c', works(9)]);
      await poll('It does not fail', async () =>
        (await desk.run(['history', '--json', 'job'])).stdout.includes('failed'),
      );
      const beginning = Number(new Date(String(desk.record('job')['timestamp'])));
      // Longer than the stale timeout.
      await poll(
        'It sends no heartbeats',
        () => Number(new Date(String(desk.record('job')['timestamp']))) - beginning > 2000,
      );
      const other = await desk.run(['run', '--stale-timeout', '1s', 'job', '--', 'true']);
      expect(other).toMatchObject({ code: 75 });
      run.signal('SIGINT');
      expect(await run.ended).toMatchObject({ code: 130 });
      expect(tries(desk)).toBe(1);
      expect(desk.holds('job')).toBe(false);
      expect(await runsOf(desk)).toMatchObject([
        { outcome: 'failed', attempt: 1 },
        { outcome: 'not-started', attempt: 2, signal: 'SIGINT', skips: 1 },
      ]);
    },
  );

  test.each([
    ['the command is at work', '', true],
    // Before or after the lock names the command.
    ['the command begins', '[ ! -e tries ] || kill -KILL $PPID;', false],
  ])(
    'leaves the lock to a later attempt if the runner is killed when %s',
    async (_when, first, isKilledHere) => {
      const desk = new Desk();
      const line = `${first} ${works(2)}; echo $$ > pid.new; mv pid.new pid; exec sleep 1000`;
      const run = desk.start(['run', ...SOON, 'job', '-c', line]);
      await poll('It does not begin', () => existsSync(join(desk.folder, 'pid')));
      const pid = Number(readFileSync(join(desk.folder, 'pid'), 'utf8'));
      killAtTheEnd(pid);
      if (isKilledHere) run.signal('SIGKILL');
      await poll('It does not end', () => run.hasEnded);
      expect(await desk.run(['run', '-q', 'job', '--', 'true'])).toMatchObject({ code: 75 });
      process.kill(pid, 'SIGKILL');
      await waitForEndOf([pid]);
      expect(await desk.run(['run', '-q', 'job', '--', 'true'])).toMatchObject({ code: 0 });
    },
  );

  test.skipIf(!isLinux)(
    'leaves nothing to a daemon of the attempt before if it is killed in the pause',
    async () => {
      const desk = new Desk();
      const daemon = 'setsid sleep 1000 < /dev/null > /dev/null 2>&1 & echo $! > daemon; exit 4';
      const run = desk.start(['run', ...LATER, 'job', '-c', daemon]);
      await poll('There is no pause', async () => (await runsOf(desk)).length === 1);
      killAtTheEnd(Number(readFileSync(join(desk.folder, 'daemon'), 'utf8')));
      const named = async () => JSON.parse((await desk.run(['status', '--json', 'job'])).stdout)[0].workers;
      await poll('Nobody else is named', async () => (await named()).includes(run.pid));
      expect(await desk.run(['run', 'job', '--', 'true'])).toMatchObject({
        code: 75,
        stderr: expect.not.stringContaining('at work'),
      });
      expect((await desk.run(['status', 'job'])).stdout).not.toContain('WORKERS');
      run.signal('SIGKILL');
      await run.ended;
      expect(await desk.run(['run', 'job', '--', 'echo', 'next'])).toMatchObject({
        code: 0,
        stdout: 'next\n',
      });
    },
  );

  test('tells others about the whole', async () => {
    const [desk, { url, pings }] = [new Desk(), await pingServer()];
    const notify = ['--notify', 'echo "$LIVINGLOCK_EVENT $LIVINGLOCK_EVENT_ATTEMPT" >> told'];
    const kinds = ['--notify-on', 'start,success,failure'];
    const told = () => readFileSync(join(desk.folder, 'told'), 'utf8');
    await desk.run(['run', ...SOON, ...notify, ...kinds, '--ping', url, 'job', '-c', works(3)]);
    expect(told()).toBe('start 1\nsuccess 3\n');
    await desk.run(['run', ...SOON, ...notify, 'job', '-c', 'exit 4']);
    expect(told()).toBe('start 1\nsuccess 3\nfailure 4\n');
    expect(pings.map(({ target }) => target.replace(/\?.*/, ''))).toEqual(['/start', '/']);
  });

  describe('whose output is kept', () => {
    const line = (attempt: number) => `echo out; echo err >&2; ${works(attempt)}`;
    const between = (attempt: number) => `\n[livinglock: attempt ${attempt} ended with exit status 4]\n`;

    test('has one log of all attempts, with a line between them', async () => {
      const [desk, { url, pings }] = [new Desk(), await pingServer()];
      const options = [...SOON, '--output', 'never', '--log=logs/', '--ping', url];
      await desk.run(['run', ...options, 'job', '-c', line(3)]);
      const output = 'out\nerr\n';
      const expected = `${output}${between(1)}${output}${between(2)}${output}`;
      expect((await desk.run(['logs', 'job'])).stdout).toBe(expected);
      expect(readdirSync(join(desk.folder, 'logs'))).toHaveLength(1);
      expect(pings.at(-1)?.body).toBe(expected);
      const outputs = (await runsOf(desk)).map((run) => String(Reflect.get(run, 'output')));
      expect(new Set(outputs).size).toBe(1);
      expect(readFileSync(outputs[0] ?? '', 'utf8')).toBe(expected);
    });

    test('appends all attempts to a file', async () => {
      const desk = new Desk();
      for (const _ of [1, 2]) await desk.run(['run', ...SOON, '--log=log', 'job', '-c', 'echo out; exit 4']);
      const attempts = `out\n${between(1)}out\n${between(2)}out\n${between(3)}out\n`;
      expect(readFileSync(join(desk.folder, 'log'), 'utf8')).toBe(attempts + attempts);
    });

    test.each([[[]], [['--log']]])(
      'shows nothing on-failure if it succeeds at the end: %j',
      async (options) => {
        const desk = new Desk();
        const run = ['run', '--output', 'on-failure', ...options, ...SOON, 'job', '-c', line(3)];
        expect(await desk.run(run)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
        expect(tries(desk)).toBe(3);
      },
    );

    test('shows the output of all attempts on-failure if the last one fails', async () => {
      const desk = new Desk();
      const { stdout } = await desk.bash(
        `livinglock run --output on-failure --retry 2 --retry-delay 0s job -c 'echo out; echo err >&2; exit 4' 2>&1 | cat`,
      );
      const lines = stdout.trimEnd().split('\n');
      const said = lines.map((text) => text.replace(/^\S+ livinglock: job: /, ''));
      expect(said).toEqual([
        expect.stringMatching(/ failed: exit status 4 after .*\. Its output:$/),
        'out',
        'err',
        'Attempt 1 ended with exit status 4.',
        'out',
        'err',
        'Attempt 2 ended with exit status 4.',
        'out',
        'err',
      ]);
    });

    test('holds the output of any number of attempts back with the same few descriptors', async () => {
      const run = `livinglock run --output on-failure --retry 20 --retry-delay 0s job -c 'echo out; echo err >&2; exit 4'`;
      const { code, stdout } = await new Desk().bash(`ulimit -n 64; ${run}`);
      expect({ code, stdout }).toEqual({ code: 4, stdout: 'out\n'.repeat(21) });
    });

    test('begins its own lines on a line of their own', async () => {
      const run = `livinglock run --output on-failure --retry 1 --retry-delay 0s job -c 'printf "rows: 3"; exit 4' 2>&1 | cat`;
      const { stdout } = await new Desk().bash(run);
      expect(stdout).toMatch(
        /\nrows: 3\n\S+ livinglock: job: Attempt 1 ended with exit status 4\.\nrows: 3$/,
      );
    });

    test('shows it on-failure if a signal comes between two attempts', async () => {
      const desk = new Desk();
      const run = desk.start(['run', '--output', 'on-failure', ...LATER, 'job', '-c', 'echo out; exit 4']);
      await poll('It does not fail', async () =>
        (await desk.run(['history', '--json', 'job'])).stdout.includes('failed'),
      );
      run.signal('SIGTERM');
      const { code, stdout, stderr } = await run.ended;
      expect({ code, stdout }).toEqual({ code: 143, stdout: 'out\n' });
      expect(stderr).toMatch(
        /^.* was not started again: exit status 143 after .* Its output:\n.*: Attempt 1 ended with exit status 4\.\n$/,
      );
    });
  });

  test('needs whole numbers, and times that end', async () => {
    const desk = new Desk();
    for (const options of [
      ['--retry', '-1'],
      ['--retry', '1.5'],
      ['--retry-delay', '1s'],
      ['--jitter', 'infinity'],
    ]) {
      expect(await desk.run(['run', ...options, 'job', '-c', works(1)])).toMatchObject({ code: 64 });
    }
    expect(tries(desk)).toBe(0);
  });
});

describe.skipIf(!isPosix)('a run with --jitter', () => {
  test('waits without its lock, and a signal ends that at once', async () => {
    const desk = new Desk();
    const run = desk.start(['run', '--jitter', '10000d', 'job', '-c', works(1)]);
    const ready = () =>
      readFileSync(`/proc/${run.pid}/status`, 'utf8').match(/^SigCgt:\s*(\w+)/m)?.[1] ?? '0';
    // It listens to SIGHUP (signal 1), which Node by itself does not, and SIGINT it does in any case.
    if (isLinux) await poll('It is not ready', () => (Number.parseInt(ready().slice(-1), 16) & 1) !== 0);
    const inPause = Date.now();
    expect(await desk.run(['run', 'job', '--', 'true'])).toMatchObject({ code: 0 });
    run.signal('SIGINT');
    expect(await run.ended).toMatchObject({ code: 130, stdout: '', stderr: '' });
    expect(tries(desk)).toBe(0);
    // The pause is no part of the run.
    const [{ runs }] = JSON.parse((await desk.run(['history', '--json', 'job'])).stdout);
    expect(runs.at(-1)).toMatchObject({ outcome: 'not-started' });
    expect(Date.parse(runs.at(-1).startedAt)).toBeGreaterThanOrEqual(inPause);
  });
});
