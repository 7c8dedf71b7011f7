import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openHistory } from 'livinglock/history';
import { describe, expect, test } from 'vitest';
import { canBeNobody, canMount, isLinux, isPosix, isRoot, NOBODY } from '../support/machine.js';
import { poll } from '../support/running.js';
import { Desk, oneLineWith } from './support/desk.js';

// `livinglock history`, and what `livinglock run` writes into it.

const OBEDIENT = ['sh', '-c', 'echo at work; read -r answer; exit $answer'];

interface Shown {
  readonly name: string;
  readonly runs: readonly Readonly<Record<string, unknown>>[];
  readonly skips: { readonly count: number } | null;
}

async function historyOf(desk: Desk, ...args: readonly string[]): Promise<readonly Shown[]> {
  const { code, stdout } = await desk.run(['history', '--json', ...args]);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

async function lastRun(desk: Desk, lock = 'job') {
  const [shown] = await historyOf(desk, lock);
  return shown?.runs.at(-1);
}

describe.skipIf(!isPosix)('the history has a run that', () => {
  test.each<[string, string[], object]>([
    [
      'succeeded',
      ['job', '--', 'true'],
      { outcome: 'succeeded', exitCode: 0, signal: null, command: 'true' },
    ],
    [
      'failed',
      ['job', '--', 'sh', '-c', 'exit 4'],
      { outcome: 'failed', exitCode: 4, command: "sh -c 'exit 4'" },
    ],
    [
      'was ended by a signal',
      ['job', '-c', 'kill -KILL $$'],
      { outcome: 'ended-by-signal', exitCode: 137, signal: 'SIGKILL' },
    ],
    [
      'took too long',
      ['--timeout', '200ms', 'job', '--', 'sleep', '100'],
      { outcome: 'timed-out', exitCode: 124 },
    ],
    [
      'stalled',
      ['--heartbeat', 'manual', '--stale-timeout', '300ms', 'job', '--', 'sleep', '100'],
      { outcome: 'stalled', exitCode: 124 },
    ],
    ['lost its lock', ['job', '-c', 'livinglock break --force job'], { outcome: 'lost', exitCode: 76 }],
    [
      'had no such command',
      ['job', '--', 'no-such-command'],
      { outcome: 'not-started', exitCode: 127, reason: expect.stringContaining('There is no command') },
    ],
    ['had a label', ['--label', 'nightly', 'job', '--', 'echo', 'secret'], { command: 'nightly' }],
  ])('%s', async (_what, args, expected) => {
    const desk = new Desk();
    const { code } = await desk.run(['run', ...args]);
    const run = await lastRun(desk);
    expect(run).toMatchObject({ ...expected, cwd: desk.folder, exitCode: code, isReported: false });
    expect(JSON.stringify(run)).not.toContain('secret');
  });

  test('could not have its lock, because a file of somebody else is there', async () => {
    const desk = new Desk();
    writeFileSync(desk.path('job'), 'name,price\n');
    expect(await desk.run(['run', 'job', '--', 'true'])).toMatchObject({ code: 73 });
    expect(await lastRun(desk)).toMatchObject({ outcome: 'not-started', exitCode: 73, id: null });
  });

  test('was ended while it waited for its lock', async () => {
    const desk = new Desk();
    await desk.live('job');
    const waiting = desk.start(['run', '--wait', 'infinity', 'job', '--', 'true']);
    await waiting.says(/Waiting/);
    waiting.signal('SIGTERM');
    await waiting.ended;
    expect(await lastRun(desk)).toMatchObject({ outcome: 'not-started', exitCode: 143, signal: 'SIGTERM' });
  });

  test('was killed, with how far it had come, as soon as the next run is at work', async () => {
    const desk = new Desk();
    const beat = '"$LIVINGLOCK" beat --progress 0.4 --note "table 4"; echo at work; exec sleep 1000';
    const first = desk.start(['run', '--heartbeat', 'manual', 'job', '-c', beat]);
    await first.prints(/at work/);
    await poll('The lock does not name it', () => 'workers' in desk.record('job'));
    const { workers, token } = desk.record('job');
    first.signal('SIGKILL');
    process.kill(-Number(Object(workers)[0].pid), 'SIGKILL');
    await first.ended;
    // A zombie is dead.
    const next = desk.start(['run', '--wait', '30s', 'job', '--', ...OBEDIENT]);
    await next.prints(/at work/);
    expect(await lastRun(desk)).toMatchObject({
      id: token,
      outcome: 'killed',
      exitCode: null,
      progress: { ratio: 0.4, note: 'table 4' },
      isReported: true,
    });
    next.write('0\n');
    await next.ended;
    expect(await lastRun(desk)).toMatchObject({
      outcome: 'succeeded',
      takenOverFrom: { id: token, state: 'dead' },
    });
  });

  test('was killed, although only its lock was broken', async () => {
    const desk = new Desk();
    await desk.dead('job');
    expect(await desk.run(['break', 'job'])).toMatchObject({ code: 0, stderr: '' });
    expect(await lastRun(desk)).toMatchObject({ outcome: 'killed', isReported: true });
    // Nobody knows for how long it went on after its last heartbeat.
    expect((await desk.run(['history'])).stdout).toMatch(/^job .* >\d\S* +killed /m);
    expect((await desk.run(['status', 'job'])).stdout).toMatch(/^job, last: killed \S+, took >\d/m);
  });

  test('stalled and was taken over from, until it says itself how it ended', async () => {
    const desk = new Desk();
    const options = [
      '--heartbeat',
      'manual',
      '--stale-timeout',
      '1s',
      '--on-stall',
      'warn',
      '--heartbeat-interval',
      '100ms',
    ];
    const first = desk.start(['run', ...options, 'job', '--', ...OBEDIENT]);
    await first.says(/stalled/);
    expect(
      await desk.run(['run', '--wait', '30s', '--stale-timeout', '1s', 'job', '--', 'true']),
    ).toMatchObject({ code: 0 });
    const [shown] = await historyOf(desk, 'job');
    const outcomes = shown?.runs.map(({ outcome }) => outcome).toSorted();
    // The first run may notice its loss before the second one ends.
    expect(['lost,succeeded', 'stalled,succeeded']).toContain(outcomes?.join());
    first.write('0\n');
    await first.ended;
    const [later] = await historyOf(desk, 'job');
    expect(later?.runs.map(({ outcome }) => outcome).toSorted()).toEqual(['lost', 'succeeded']);
  });
});

describe.skipIf(!isPosix)('the history', () => {
  test('can be used by later runs, whatever the umask of the first one was', async () => {
    const desk = new Desk();
    await desk.bash('umask 0777; livinglock run job -- true');
    expect(statSync(desk.history).mode & 0o777).toBe(0o700);
    expect(await desk.run(['run', 'job', '--', 'true'])).toMatchObject({ code: 0, stderr: '' });
    // Only root can hold a lock with such a umask.
    const [journal] = await openHistory({ folder: desk.history }).list();
    expect(journal?.runs.length).toBeGreaterThanOrEqual(1);
    for (const name of readdirSync(desk.history))
      expect(statSync(join(desk.history, name)).mode & 0o777).toBe(0o600);
  });

  test('counts skips, and shows them with the run that ends next', async () => {
    const desk = new Desk();
    const first = desk.start(['run', 'job', '--', ...OBEDIENT]);
    await first.prints(/at work/);
    for (let count = 0; count < 3; count++) await desk.run(['run', '-q', 'job', '--', 'true']);
    expect(await historyOf(desk, 'job')).toMatchObject([{ runs: [], skips: { count: 3 } }]);
    expect((await desk.run(['history'])).stdout).toMatch(/^job: 3 skips so far, the last one [\d:]+\.\n$/);
    first.write('0\n');
    await first.ended;
    expect(await historyOf(desk, 'job')).toMatchObject([{ runs: [{ skips: 3 }], skips: null }]);
  });

  test('is shown as a table, by options only in part', async () => {
    const desk = new Desk();
    for (const code of [0, 4, 0]) await desk.run(['run', 'job', '-c', `exit ${code}`]);
    await desk.run(['run', 'other', '--', 'true']);
    const { stdout } = await desk.run(['history']);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^LOCK +STARTED +TOOK +OUTCOME +EXIT$/);
    expect(lines[2]).toMatch(/^job +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+m?s +failed +4$/);
    expect(lines).toHaveLength(6);
    const count = async (...args: readonly string[]) =>
      (await historyOf(desk, ...args)).flatMap(({ runs }) => runs).length;
    expect(await count()).toBe(4);
    expect(await count('job')).toBe(3);
    expect(await count('--last', '1')).toBe(2);
    expect(await count('--failed')).toBe(1);
    expect(await count('--since', '1h', 'other', desk.path('job'))).toBe(4);
    expect(await count('--since', '1ms')).toBe(0);
    expect(await desk.run(['history', 'unknown'])).toMatchObject({
      code: 0,
      stdout: `No runs of unknown in ${desk.history}. A run is recorded when it has ended; for a lock at a path or in a database, only with --history.\n`,
    });
    expect((await desk.run(['history', '--failed', '--since', '1h', 'other'])).stdout).toBe(
      `No failed runs of other within this time in ${desk.history}.\n`,
    );
    expect(await desk.run(['history', '--last', '0'])).toMatchObject({ code: 64 });
  });

  test('has the last 20 runs of each lock, but all that ended within the given time', async () => {
    const desk = new Desk();
    const history = openHistory({ folder: desk.history });
    for (let count = 0; count < 21; count++) {
      await history.record({ lock: desk.path('job'), startedAt: new Date(), outcome: 'failed' });
    }
    const count = async (...args: readonly string[]) => (await historyOf(desk, ...args))[0]?.runs.length;
    expect(await count()).toBe(20);
    expect(await count('--failed')).toBe(20);
    expect(await count('--since', '1h')).toBe(21);
    expect(await count('--since', '1h', '--last', '3')).toBe(3);
  });

  test('matches docs/history.schema.json', async () => {
    const desk = new Desk();
    await desk.dead('job');
    await desk.run(['run', 'job', '--', 'no-such-command']);
    await desk.run(['run', 'job', '-c', '"$LIVINGLOCK" beat --progress 0.5']);
    await desk.live('job');
    await desk.run(['run', '-q', 'job', '--', 'true']);
    const shown = await historyOf(desk);
    expect(shown).toMatchObject([{ runs: [{}, {}, {}], skips: { count: 1 } }]);
    const schema = JSON.parse(readFileSync(new URL('../docs/history.schema.json', import.meta.url), 'utf8'));
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    ajv.validate(schema, shown);
    expect(ajv.errors).toBeNull();
  });

  test('is off on request', async () => {
    const desk = new Desk();
    await desk.run(['run', '--no-history', 'job', '--', 'true']);
    await desk.run(['run', 'job', '--', 'true'], { LIVINGLOCK_HISTORY: '' });
    await desk.run(['run', './job.lock', '--', 'true']);
    expect(existsSync(desk.history)).toBe(false);
    await desk.run(['run', '--history', './job.lock', '--', 'true']);
    expect(await historyOf(desk)).toMatchObject([{ name: join(desk.folder, 'job.lock') }]);
  });

  test('has no run with a path that can never be a lock, and status works on', async () => {
    const desk = new Desk();
    const tellingAbout = ['--history', '--notify', 'cat > event'];
    for (const lock of ['x'.repeat(260), `${desk.folder}/`, '/dev/null/x']) {
      const { code } = await desk.run(['run', ...tellingAbout, lock, '--', 'true']);
      expect(code).toBe(73);
    }
    const event: unknown = JSON.parse(readFileSync(join(desk.folder, 'event'), 'utf8'));
    expect(event).toMatchObject({
      event: 'failure',
      exitCode: 73,
      reason: expect.stringContaining('ENOTDIR'),
    });
    expect(await desk.run(['history'])).toMatchObject({ stdout: expect.stringMatching(/^No runs in /) });
    expect(await desk.run(['status'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('is in the folder of LIVINGLOCK_HISTORY, for every lock', async () => {
    const desk = new Desk();
    const env = { LIVINGLOCK_HISTORY: join(desk.folder, 'elsewhere') };
    await desk.run(['run', './job.lock', '--', 'true'], env);
    expect(readdirSync(env.LIVINGLOCK_HISTORY)).toEqual([expect.stringMatching(/^job-[0-9a-f]{16}\.jsonl$/)]);
    expect((await desk.run(['history'], env)).stdout).toContain('succeeded');
  });

  test('shows what can be read, and says what cannot', async () => {
    const desk = new Desk();
    await desk.run(['run', 'job', '--', 'true']);
    const [name = ''] = readdirSync(desk.history);
    const file = join(desk.history, name);
    const [, line = ''] = readFileSync(file, 'utf8').split('\n');
    const future = line
      .replaceAll(/"20\d\d-/g, '"2999-')
      .replace(/"id":"[^"]*"/, '"id":"future","new":{"key":1}');
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8')}\0\0\0\n${'x'.repeat(10_000_000)}\n${future}\n{"outcome":"paus`,
    );
    expect(await desk.run(['history'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/succeeded +0\njob +2999-.*succeeded/),
      stderr: oneLineWith('job: 2 lines of its history cannot be read'),
    });
  });
});

describe.skipIf(!isPosix)('a journal that cannot be read', () => {
  test('costs one line, and only whoever asks for it fails', async () => {
    const desk = new Desk();
    await desk.run(['run', 'bad', '--', 'true']);
    const [name = ''] = readdirSync(desk.history);
    rmSync(join(desk.history, name));
    mkdirSync(join(desk.history, name));
    await desk.run(['run', 'good', '--', 'true']);
    const complaint = oneLineWith('it is not a regular file');
    const shown = expect.stringMatching(/^good .*succeeded/m);
    expect(await desk.run(['history'])).toMatchObject({ code: 0, stdout: shown, stderr: complaint });
    expect(await desk.run(['history', 'good'])).toMatchObject({ code: 0, stdout: shown, stderr: '' });
    expect(await desk.run(['history', 'bad'])).toMatchObject({ code: 73, stdout: '', stderr: complaint });
    expect(await desk.run(['status'])).toMatchObject({ code: 0, stderr: complaint });
    expect(await desk.run(['status', 'good'])).toMatchObject({ code: 1, stderr: '' });
  });
});

describe.skipIf(!isPosix)('status', () => {
  test('shows how the last run has ended, also of locks that nobody holds', async () => {
    const desk = new Desk();
    await desk.run(['run', 'free', '--', 'true']);
    await desk.run(['run', 'job', '-c', 'exit 4']);
    const run = desk.start(['run', 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    await desk.run(['run', '-q', 'job', '--', 'true']);

    const { code, stdout } = await desk.run(['status']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^free +free +-.*\njob +live /m);
    expect(stdout).toMatch(
      /\n\nfree, last: succeeded [\d:]+, took \d+m?s\njob, last: failed [\d:]+, took \d+m?s, 1 skip\n$/,
    );
    const json = JSON.parse((await desk.run(['status', '--json', 'job', 'free'])).stdout);
    expect(json).toMatchObject([
      { name: 'job', state: 'live', lastRun: { outcome: 'failed', exitCode: 4 }, skips: 1 },
      { name: 'free', state: 'free', lastRun: { outcome: 'succeeded' }, usualDurationMs: expect.any(Number) },
    ]);
    run.write('0\n');
    await run.ended;
  });
});

describe.skipIf(!isPosix)('a history that cannot be written', () => {
  const COMPLAINT = oneLineWith('missing from the history: Cannot use the history of ');

  test.skipIf(!isLinux)('does not keep the run from ending if nobody reads stderr', async () => {
    const desk = new Desk();
    const script = `
      mkfifo pipe; exec 9<> pipe
      while dd if=/dev/zero of=pipe bs=1k count=64 oflag=nonblock 2> /dev/null; do :; done
      livinglock run job -c 'exit 4' 2>&9 9>&-
    `;
    expect(await desk.bash(script, { LIVINGLOCK_HISTORY: '/dev/null' })).toMatchObject({ code: 4 });
  });

  test('is not mentioned with --quiet, unless it was asked for', async () => {
    const desk = new Desk();
    writeFileSync(desk.history, '');
    const run = (...options: readonly string[]) => desk.run(['run', ...options, 'job', '--', 'true']);
    expect(await run('-q')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('-q', '--history')).toMatchObject({ code: 0, stderr: COMPLAINT });
    expect(await run()).toMatchObject({ code: 0, stderr: COMPLAINT });
  });

  test('because of `ulimit -f`, leaves the job as it is, also after a takeover', async () => {
    const desk = new Desk();
    await desk.run(['run', 'job', '--', 'true']);
    const [name = ''] = readdirSync(desk.history);
    appendFileSync(join(desk.history, name), `${'{"later":"version"}'.padEnd(20_000)}\n`);
    await desk.dead('job');
    expect(await desk.bash("ulimit -f 16; livinglock run job -c 'echo done; exit 4'")).toMatchObject({
      code: 4,
      stdout: 'done\n',
      stderr: COMPLAINT,
    });
  });

  test.skipIf(!canBeNobody)('because of its folder, leaves the job as it is (as root)', async () => {
    const desk = new Desk();
    chmodSync(desk.locks, 0o777);
    mkdirSync(join(desk.locks, `history-${NOBODY}`), { mode: 0o755 });
    const run = (script: string) =>
      desk.startProgram('setpriv', [
        `--reuid=${NOBODY}`,
        `--regid=${NOBODY}`,
        '--clear-groups',
        'livinglock',
        'run',
        'job',
        '-c',
        script,
      ]).ended;
    expect(await run('echo done; exit 4')).toMatchObject({ code: 4, stdout: 'done\n', stderr: COMPLAINT });
  });

  test.skipIf(!canMount)('because the disk is full, leaves the job as it is (as root)', async () => {
    const desk = new Desk();
    const history = join(desk.folder, 'full');
    mkdirSync(history);
    const script = `
      mount -t tmpfs -o size=64k none ${history}
      livinglock run job -- true; ls ${history} | grep -c jsonl
      dd if=/dev/zero of=${history}/ballast bs=1k 2> /dev/null
      for run in 1 2 3 4 5 6 7 8 9 10; do livinglock run job -c 'exit 4'; echo "exit $?"; done
      rm ${history}/ballast
      livinglock run job -- true
      livinglock history --json
    `;
    const { stdout, stderr } = await desk.startProgram('unshare', ['--mount', 'sh', '-c', script], {
      LIVINGLOCK_HISTORY: history,
    }).ended;
    expect(stdout.match(/^exit 4$/gm)).toHaveLength(10);
    expect(stderr).toMatch(/missing from the history: .*ENOSPC/);
    const [shown] = JSON.parse(stdout.slice(stdout.indexOf('[')));
    expect(shown).toMatchObject({ unreadable: 0 });
    expect(shown.runs.at(-1)).toMatchObject({ outcome: 'succeeded' });
    const missing = stderr.trim().split('\n').length;
    expect(shown.runs).toHaveLength(12 - missing);
  });

  test.skipIf(!isRoot)('because something else is there, leaves the job as it is', async () => {
    const desk = new Desk();
    expect(await desk.run(['run', 'job', '--', 'true'], { LIVINGLOCK_HISTORY: '/dev/null' })).toMatchObject({
      code: 0,
      stderr: COMPLAINT,
    });
  });
});
