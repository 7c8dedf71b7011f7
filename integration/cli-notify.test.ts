import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { isLinux, isPosix, waitForEndOf } from '../support/machine.js';
import { killAtTheEnd, poll } from '../support/running.js';
import { Desk, oneLineWith } from './support/desk.js';

// `livinglock run --notify`.

const OBEDIENT = ['sh', '-c', 'echo at work; read -r answer; exit $answer'];
const QUICK = ['--heartbeat-interval', '100ms'];
const SILENT = ['--heartbeat', 'manual', '--stale-timeout', '300ms'];
/** Adds each event to a file. */
const TELL = ['--notify', 'cat >> told'];
const ALL = ['--notify-on', 'start,stall,lost,success,failure,skip'];

interface Told {
  readonly event: string;
  readonly [key: string]: unknown;
}

function told(desk: Desk): readonly Told[] {
  const file = join(desk.folder, 'told');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const kinds = (desk: Desk) => told(desk).map(({ event }) => event);

describe.skipIf(!isPosix)('a command of --notify', () => {
  test.each<[string, string[], readonly object[]]>([
    ['a success', ['job', '--', 'true'], []],
    [
      'each event on request',
      [...ALL, 'job', '--', 'true'],
      [
        { event: 'start', outcome: null, exitCode: null, endedAt: null },
        { event: 'success', outcome: 'succeeded', exitCode: 0, endedAt: expect.any(String) },
      ],
    ],
    [
      'a failure',
      ['job', '--', 'sh', '-c', 'exit 4'],
      [{ event: 'failure', name: 'job', outcome: 'failed', exitCode: 4, command: "sh -c 'exit 4'" }],
    ],
    ['a signal', ['job', '-c', 'kill -KILL $$'], [{ event: 'failure', signal: 'SIGKILL', exitCode: 137 }]],
    [
      'a missing command',
      ['job', '--', 'no-such-command'],
      [
        {
          event: 'failure',
          outcome: 'not-started',
          exitCode: 127,
          reason: expect.stringContaining('There is no command'),
        },
      ],
    ],
    [
      'a missing command, but not what a label hides',
      ['--label', 'nightly', 'job', '--', '/no/such/secret'],
      [{ event: 'failure', outcome: 'not-started', command: 'nightly', reason: null }],
    ],
    [
      'a stall',
      [...SILENT, 'job', '--', 'sleep', '100'],
      [{ event: 'stall', outcome: null, reason: expect.stringMatching(/has not called .* for \d/) }],
    ],
    [
      'a stall, and how it ended',
      [...SILENT, '--on-stall', 'warn', 'job', '-c', 'while [ ! -e told ]; do sleep 0.05; done; exit 4'],
      [{ event: 'stall' }, { event: 'failure', exitCode: 4 }],
    ],
    [
      'a stall as a failure',
      [...SILENT, '--notify-on', 'failure', 'job', '--', 'sleep', '100'],
      [{ event: 'failure', outcome: 'stalled', exitCode: 124 }],
    ],
    [
      'a time limit',
      ['--timeout', '200ms', 'job', '--', 'sleep', '100'],
      [{ event: 'failure', outcome: 'timed-out', exitCode: 124 }],
    ],
    [
      'a lost lock',
      [...QUICK, 'job', '-c', '"$LIVINGLOCK" break --force job > /dev/null; exec sleep 1000'],
      [{ event: 'lost', outcome: null, reason: expect.stringContaining('was lost') }],
    ],
    [
      'a lock that was lost unnoticed',
      ['job', '-c', '"$LIVINGLOCK" break --force job > /dev/null'],
      [{ event: 'lost', reason: expect.stringContaining('was lost') }],
    ],
    ['a run without a history', ['--no-history', 'job', '--', 'false'], [{ event: 'failure', exitCode: 1 }]],
    [
      'a lock that is a path',
      ['./job.lock', '--', 'false'],
      [{ event: 'failure', name: expect.stringMatching(/\/job\.lock$/) }],
    ],
  ])('is told of %s', async (_what, args, expected) => {
    const desk = new Desk();
    const { code, stdout } = await desk.run(['run', ...TELL, ...args]);
    expect(stdout).toBe('');
    expect(told(desk)).toMatchObject(expected);
    const schema = JSON.parse(readFileSync(new URL('../docs/event.schema.json', import.meta.url), 'utf8'));
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    for (const event of told(desk)) {
      ajv.validate(schema, event);
      expect(ajv.errors).toBeNull();
      if (event['exitCode'] !== null) expect(event['exitCode']).toBe(code);
      expect(JSON.stringify(event)).not.toContain('secret');
    }
  });

  test('is told how far the command had come', async () => {
    const desk = new Desk();
    const untilTold = `until grep -qs '"note":"table 4"' told; do sleep 0.05; done`;
    const script = `"$LIVINGLOCK" beat --progress 0.4 --note "table 4"; ${untilTold}`;
    expect(
      await desk.run(['run', ...TELL, ...SILENT, '--on-stall', 'warn', 'job', '-c', script]),
    ).toMatchObject({
      code: 0,
    });
    // On a busy machine it stalls, and is told of, before it has come so far.
    expect(told(desk).at(-1)).toMatchObject({ event: 'stall', progress: { ratio: 0.4, note: 'table 4' } });
  });

  test('is told of skips on request, and who has the lock', async () => {
    const desk = new Desk();
    await desk.live('job');
    expect(await desk.run(['run', '-q', ...TELL, 'job', '--', 'true'])).toMatchObject({ code: 75 });
    expect(told(desk)).toEqual([]);
    await desk.run(['run', '-q', '-E', '0', ...TELL, '--notify-on', 'skip', 'job', '--', 'true']);
    expect(told(desk)).toMatchObject([
      {
        event: 'skip',
        outcome: null,
        id: null,
        exitCode: 0,
        reason: expect.stringContaining('is held by PID'),
      },
    ]);
  });

  test.each([[[]], [['--log', '--output', 'on-failure']], [['--retry', '1', '--retry-delay', '0s']]])(
    'is told the end when the lock is free and the history written: %j',
    async (options) => {
      const desk = new Desk();
      const notify =
        '(livinglock status job; livinglock history job; livinglock run job -- echo next) > told';
      const job = ['job', '-c', '"$LIVINGLOCK" beat --progress 0.4; exit 4'];
      await desk.run(['run', '--notify', notify, ...options, ...job]);
      const seen = readFileSync(join(desk.folder, 'told'), 'utf8');
      expect(seen).toMatch(/^LOCK .*\njob +free [\s\S]* failed +4 (?:.* )?40 %(?: .*)?\nnext\n$/);
    },
  );

  test('is told of all attempts of a run as one, unlike the history', async () => {
    const desk = new Desk();
    await desk.run(['run', ...TELL, ...ALL, '--retry', '1', '--retry-delay', '0s', 'job', '-c', 'exit 4']);
    const events = told(desk);
    expect(events).toMatchObject([{ event: 'start' }, { event: 'failure', attempt: 2 }]);
    const [startedAt, again] = events.map((event) => event['startedAt']);
    expect(again).toBe(startedAt);
    const { stdout } = await desk.run(['history', '--json', 'job']);
    const [{ runs }] = JSON.parse(stdout);
    const attempts = runs.map((run: { durationMs: number }) => run.durationMs);
    expect(events[1]?.['durationMs']).toBeGreaterThanOrEqual(attempts[0] + attempts[1] - 1);
  });

  test('changes nothing of the run, whatever it does', async () => {
    const desk = new Desk();
    const job = ['job', '-c', 'cat; echo out; echo err >&2; exit 4'];
    const plain = desk.start(['run', ...job]);
    plain.write('input\n');
    plain.endInput();
    const expected = await plain.ended;
    const noisy = desk.start(['run', '--notify', 'cat; echo noise; echo noise >&2; exit 9', ...ALL, ...job]);
    await noisy.says(/\(start\)/);
    noisy.write('input\n');
    noisy.endInput();
    const { stderr, ...rest } = await noisy.ended;
    expect(rest).toMatchObject({ code: 4, stdout: expected.stdout });
    expect(
      stderr
        .split('\n')
        .filter((line) => !line.includes('livinglock: '))
        .join('\n'),
    ).toBe(expected.stderr);
    expect(stderr.match(/of --notify \((?:start|failure)\) exited with 9: noise\n/g)).toHaveLength(2);
  });

  test('that hangs holds up neither the job nor the next run', async () => {
    const desk = new Desk();
    const notify = 'echo $$ > pid.new; mv pid.new pid; exec sleep 1000';
    const run = desk.start(['run', '--notify', notify, 'job', '--', 'false']);
    await poll('Nobody is told', () => existsSync(join(desk.folder, 'pid')));
    expect(await desk.run(['run', 'job', '--', 'echo', 'next'])).toMatchObject({ code: 0, stdout: 'next\n' });
    expect(run.hasEnded).toBe(false);
    // Whoever waits no longer need not.
    run.signal('SIGINT');
    expect(await run.ended).toMatchObject({ code: 1, stderr: '' });
    await waitForEndOf([Number(readFileSync(join(desk.folder, 'pid'), 'utf8'))]);
  });

  test('does not count as a sign that the job works', async () => {
    const desk = new Desk();
    const options = ['--heartbeat', 'output', '--stale-timeout', '500ms', '--on-stall', 'warn'];
    const notify = 'for i in 1 2 3 4 5 6 7 8; do echo noise; echo noise >&2; sleep 0.1; done; cat >> told';
    const line = `livinglock run ${options.join(' ')} --notify '${notify}' job -- sleep 3 > log 2>&1`;
    await desk.bash(line);
    expect(kinds(desk)).toEqual(['stall']);
  });

  test.runIf(isLinux)('inherits nothing of the lock, the job or whoever started it', async () => {
    const desk = new Desk();
    const notify = 'ls -l /proc/$$/fd | sed "s/.* -> //" >> open; echo $LIVINGLOCK_TOKEN >> open';
    const options = `--heartbeat output --notify '${notify}' --notify-on start,failure`;
    await desk.bash(
      `exec 7> outer 200> outer; livinglock run ${options} job -c 'sleep 0.5; exit 4' 9> inner | cat`,
    );
    const open = readFileSync(join(desk.folder, 'open'), 'utf8');
    expect(open).not.toMatch(/outer|inner|job\.lock/);
    expect(open.match(/socket:/g)).toHaveLength(2);
    expect(open.match(/^\/.*livinglock-.*pipe-0/gm)?.length).toBe(4);
  });

  test('has the folder and the environment of the run', async () => {
    const desk = new Desk();
    mkdirSync(join(desk.folder, 'sub'));
    await desk.bash(
      `cd sub && MINE=x livinglock run --notify 'echo "$MINE $PWD $LIVINGLOCK_EVENT_LOCK" > told' job -- false`,
    );
    expect(readFileSync(join(desk.folder, 'sub', 'told'), 'utf8')).toBe(
      `x ${join(desk.folder, 'sub')} job\n`,
    );
  });

  test('is told of the end although the run was ended by a signal', async () => {
    const desk = new Desk();
    const run = desk.start(['run', ...TELL, 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    run.signal('SIGTERM');
    expect(await run.ended).toMatchObject({ code: 143 });
    expect(told(desk)).toMatchObject([{ event: 'failure', outcome: 'ended-by-signal', signal: 'SIGTERM' }]);
  });

  test('is told that a signal came while the run waited for its lock', async () => {
    const desk = new Desk();
    await desk.live('job');
    const run = desk.start(['run', '--wait', 'infinity', ...TELL, 'job', '--', 'true']);
    await run.says(/Waiting/);
    run.signal('SIGTERM');
    await run.ended;
    expect(told(desk)).toMatchObject([{ event: 'failure', outcome: 'not-started', signal: 'SIGTERM' }]);
  });

  test('can be given up, too, when there is no command to run', async () => {
    const desk = new Desk();
    const notify = 'echo $$ > pid.new; mv pid.new pid; exec sleep 1000';
    const run = desk.start(['run', '--notify', notify, 'job', '--', '/no/such/program']);
    const file = join(desk.folder, 'pid');
    await poll('Nobody is told', () => existsSync(file));
    const pid = Number(readFileSync(file, 'utf8'));
    killAtTheEnd(pid);
    run.signal('SIGTERM');
    expect(await run.ended).toMatchObject({ code: 127, stderr: oneLineWith('There is no') });
    await waitForEndOf([pid]);
  });

  test('needs a line, and known events', async () => {
    const desk = new Desk();
    for (const options of [
      ['--notify', ' '],
      ['--notify-on', 'failure'],
      ['--notify', 'true', '--notify-on', 'x'],
    ]) {
      expect(await desk.run(['run', ...options, 'job', '--', 'touch', 'begun'])).toMatchObject({ code: 64 });
    }
    expect(existsSync(join(desk.folder, 'begun'))).toBe(false);
  });
});
