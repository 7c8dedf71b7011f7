import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isLinux, isPosix, processState, temporaryFolder, waitForEndOf } from '../support/machine.js';
import { killAtTheEnd, pidFrom, poll, Running } from '../support/running.js';
import { Desk, oneLineWith, PROGRAM } from './support/desk.js';
import { canBePrivate } from './support/private-machine.js';

// `livinglock run` and `livinglock beat`, with real commands.

/** Prints its PID, and ends when it is told to. */
const OBEDIENT = 'echo pid $$; read -r answer; exit $answer';

describe.skipIf(!isPosix)('of two runs at once', () => {
  test('one runs, and the other is told which', async () => {
    const desk = new Desk();
    const first = desk.start(['run', 'job', '--', 'sh', '-c', OBEDIENT]);
    await first.prints(/pid \d+/);

    const second = await desk.run(['run', 'job', '--', 'echo', 'never']);

    expect(second).toMatchObject({ code: 75, stdout: '' });
    expect(second.stderr.trim().split('\n')).toHaveLength(1);
    expect(second.stderr).toContain(`PID ${first.pid} on `);
    expect(second.stderr).toContain("sh -c 'echo pid $$; read -r answer; exit $answer'");
    expect(second.stderr).toContain(` in ${desk.folder}) with process group `);
    expect(second.stderr).toMatch(/since \d\d:\d\d:\d\d, last heartbeat .* ago/);
    first.write('0\n');
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(desk.holds('job')).toBe(false);
  });

  test('the other is told the label instead of the arguments, which are not in the lock', async () => {
    const desk = new Desk();
    const script = `${OBEDIENT} # password=1234`;
    const first = desk.start(['run', '--label', 'nightly import', 'job', '--', 'sh', '-c', script]);
    await first.prints(/pid \d+/);

    expect(desk.record('job')['command']).toBe('nightly import');
    expect(readFileSync(desk.path('job'), 'utf8')).not.toMatch(/password|sh -c/);
    const second = await desk.run(['run', 'job', '--', 'echo', 'never']);
    expect(second.stderr).toContain(` (nightly import in ${desk.folder}) with process group `);
    expect((await desk.run(['status', 'job'])).stdout).toContain(` nightly import in ${desk.folder} `);
    first.write('0\n');
    await first.ended;
  });

  test('the other is silent with -q, and exits with the code of -E', async () => {
    const desk = new Desk();
    const first = desk.start(['run', 'job', '--', 'sh', '-c', OBEDIENT]);
    await first.prints(/pid \d+/);
    const second = await desk.run(['run', '-q', '-E', '9', 'job', '--', 'true']);
    expect(second).toMatchObject({ code: 9, stdout: '', stderr: '' });
    first.write('0\n');
    await first.ended;
  });

  test('the other waits if it is told to, and names the holder', async () => {
    const desk = new Desk();
    const first = desk.start(['run', 'job', '--', 'sh', '-c', OBEDIENT]);
    await first.prints(/pid \d+/);
    const second = desk.start(['run', '--wait', '1m', 'job', '--', 'echo', 'at last']);
    await second.says(/Waiting for up to 1 minute/);
    first.write('0\n');
    expect(await second.ended).toMatchObject({ code: 0, stdout: 'at last\n' });
  });

  test('the other runs and is recorded even if livinglock is removed while it waits', async () => {
    const desk = new Desk();
    const copy = temporaryFolder();
    cpSync(dirname(dirname(PROGRAM)), join(copy, 'dist'), { recursive: true });
    const first = desk.start(['run', 'job', '--', 'sh', '-c', OBEDIENT]);
    await first.prints(/pid \d+/);
    const program = join(copy, 'dist', 'bin', 'livinglock.js');
    const args = ['run', '--wait', '1m', '--log', '--notify', 'cat > told', '--notify-on', 'success', 'job'];
    const second = desk.startProgram(process.execPath, [program, ...args, '--', 'echo', 'at last']);
    await second.says(/Waiting for up to 1 minute/);
    rmSync(join(copy, 'dist'), { recursive: true });
    first.write('0\n');
    const { code, stdout, stderr } = await second.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'at last\n' });
    expect(stderr).toEqual(oneLineWith('Waiting for up to 1 minute'));
    expect(readFileSync(join(desk.folder, 'told'), 'utf8')).toContain('"event":"success"');
    const { stdout: recorded } = await desk.run(['history', '--json', '--last', '1', 'job']);
    expect(JSON.parse(recorded)).toMatchObject([
      { runs: [{ outcome: 'succeeded', output: expect.any(String) }] },
    ]);
  });

  test('the other stops waiting at SIGTERM', async () => {
    const desk = new Desk();
    const first = desk.start(['run', 'job', '--', 'sh', '-c', OBEDIENT]);
    await first.prints(/pid \d+/);
    const second = desk.start(['run', '--wait', 'infinity', 'job', '--', 'echo', 'never']);
    await second.says(/Waiting/);
    second.signal('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 143, stdout: '' });
    first.write('0\n');
    await first.ended;
  });

  test('the other runs with --force, says so, and leaves the lock alone', async () => {
    const desk = new Desk();
    const first = desk.start(['run', 'job', '--', 'sh', '-c', OBEDIENT]);
    await first.prints(/pid \d+/);
    const before = desk.record('job');
    const program = `echo token "[$LIVINGLOCK_TOKEN]"; $LIVINGLOCK beat; echo beat $?`;
    const second = await desk.run(['run', '--force', 'job', '--', 'sh', '-c', program]);
    expect(second).toMatchObject({ code: 0, stdout: 'token []\nbeat 0\n' });
    expect(second.stderr).toMatch(/WARNING.*WITHOUT the lock/);
    expect(desk.record('job')['token']).toBe(before['token']);
    first.write('0\n');
    expect(await first.ended).toMatchObject({ code: 0 });
  });

  // For root, named-locks.test.ts does this on a machine of its own.
  test.skipIf(canBePrivate)('both mean one lock, in a terminal and under cron', async () => {
    const home = new Desk();
    const name = `livinglock-test-${process.pid}`;
    const env = { LIVINGLOCK_DIR: '' };
    const cron = home.start(['run', name, '--', 'sh', '-c', OBEDIENT], {
      ...env,
      XDG_RUNTIME_DIR: undefined,
    });
    await cron.prints(/pid \d+/);
    const terminal = await home.run(['run', name, '--', 'true'], { ...env, XDG_RUNTIME_DIR: home.folder });
    expect(terminal).toMatchObject({ code: 75 });
    cron.write('0\n');
    await cron.ended;
  });
});

describe.skipIf(!isPosix)('the exit code', () => {
  test.each([
    { command: ['sh', '-c', 'exit 3'], code: 3 },
    { command: ['true'], code: 0 },
    { command: ['sh', '-c', 'kill -KILL $$'], code: 137 },
    { command: ['sh', '-c', 'kill -TERM $$'], code: 143 },
  ])('of $command is $code', async ({ command, code }) => {
    const desk = new Desk();
    expect(await desk.run(['run', 'job', '--', ...command])).toMatchObject({ code, stderr: '' });
    expect(desk.holds('job')).toBe(false);
  });

  test('is the same when the output is read', async () => {
    const desk = new Desk();
    const { code } = await desk.run([
      'run',
      '--heartbeat',
      'output',
      'job',
      '--',
      'sh',
      '-c',
      'echo x; exit 4',
    ]);
    expect(code).toBe(4);
  });
});

describe.skipIf(!isPosix)('bad input is answered in one line', () => {
  const folder = () => {
    const path = join(temporaryFolder(), 'folder');
    mkdirSync(path);
    return path;
  };

  test.each([
    {
      what: 'an unknown option',
      args: ['run', '--wiat', '3', 'job', '--', 'true'],
      code: 64,
      says: 'Did you mean --wait',
    },
    { what: 'an unknown command', args: ['rum', 'job'], code: 64, says: 'Did you mean run' },
    { what: 'no --', args: ['run', 'job', 'true'], code: 64, says: '--' },
    { what: 'no lock', args: ['run', '--', 'true'], code: 64, says: 'lock' },
    { what: 'no command', args: ['run', 'job', '--'], code: 64, says: 'command' },
    { what: 'an empty command', args: ['run', 'job', '--', ''], code: 64, says: 'empty' },
    { what: 'an empty lock', args: ['run', '', '--', 'true'], code: 64, says: 'empty' },
    {
      what: 'a command that does not exist',
      args: ['run', 'job', '--', 'no-such-thing'],
      code: 127,
      says: 'no-such-thing',
    },
    {
      what: 'a path that does not exist',
      args: ['run', 'job', '--', './no/such'],
      code: 127,
      says: './no/such',
    },
    { what: 'a folder as a command', args: ['run', 'job', '--', '/'], code: 126, says: '/' },
    {
      what: 'an invalid duration',
      args: ['run', '-w', 'soon', 'job', '--', 'true'],
      code: 64,
      says: '30s',
    },
    {
      what: 'an invalid proof',
      args: ['run', '--heartbeat', 'hope', 'job', '--', 'true'],
      code: 64,
      says: 'alive',
    },
    {
      what: 'an invalid exit code',
      args: ['run', '-E', '256', 'job', '--', 'true'],
      code: 64,
      says: '255',
    },
    {
      what: 'a timeout of zero',
      args: ['run', '--timeout', '0', 'job', '--', 'true'],
      code: 64,
      says: 'more than 0',
    },
    {
      what: 'an interval longer than the stale timeout',
      args: ['run', '--stale-timeout', '10s', '--heartbeat-interval', '1m', 'job', '--', 'true'],
      code: 64,
      says: 'shorter',
    },
    { what: 'a beat outside of a run', args: ['beat'], code: 64, says: 'livinglock run' },
  ])('$what', async ({ args, code, says }) => {
    const ended = await new Desk().run(args, { LIVINGLOCK_PATH: undefined, LIVINGLOCK_TOKEN: undefined });
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(says);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a lock path that is a folder', async () => {
    const path = folder();
    const ended = await new Desk().run(['run', path, '--', 'true']);
    expect(ended).toMatchObject({ code: 73, stdout: '' });
    expect(ended.stderr).toContain(path);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a folder of named locks that cannot be created', async () => {
    const ended = await new Desk().run(['run', 'job', '--', 'true'], { LIVINGLOCK_DIR: '/proc/a/b' });
    expect(ended).toMatchObject({ code: 73, stdout: '' });
    expect(ended.stderr).toContain('/proc/a/b');
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a file that is not executable', async () => {
    const file = join(temporaryFolder(), 'script');
    writeFileSync(file, '#!/bin/sh\n');
    expect(await new Desk().run(['run', 'job', '--', file])).toMatchObject({ code: 126 });
  });

  // Elsewhere a shell starts it, and has messages of its own.
  test.skipIf(!isLinux)('that has no interpreter exits with 127, as in a shell', async () => {
    const desk = new Desk();
    writeFileSync(join(desk.folder, 'job.sh'), '#!/bin/sh\r\necho hi\n', { mode: 0o755 });
    expect(await desk.bash('livinglock run job -- ./job.sh')).toMatchObject({
      code: 127,
      stderr: expect.stringMatching(/ Cannot start \.\/job\.sh: its interpreter does not exist\. .*CR LF/),
    });
    expect(desk.holds('job')).toBe(false);
  });

  test.skipIf(!isLinux)('a command that is found only with a PATH, without one', async () => {
    const { PATH: _, ...env } = new Desk().env();
    const [local] = readdirSync('/usr/local/bin').filter((name) => !existsSync(join('/usr/bin', name)));
    for (const [program, code] of [
      [local ?? 'no-such-thing', 127],
      ['true', 0],
    ] as const) {
      const args = [PROGRAM, 'run', 'job', '--', program];
      expect(await new Running(process.execPath, args, { env }).ended).toMatchObject({ code });
    }
  });

  test.skipIf(!isPosix)('too few file descriptors', async () => {
    const desk = new Desk();
    // The number that a process needs differs between versions of Node; this is one less.
    const line = 'for limit in {30..10}; do (ulimit -n $limit; livinglock run job -- true) || exit; done';
    const { code, stderr } = await desk.bash(line);
    expect(code).not.toBe(0);
    expect(stderr).toContain('`ulimit -n`');
    expect(desk.holds('job')).toBe(false);
  });

  test.skipIf(!isLinux)('a folder in which nothing can be created', async () => {
    const ended = await new Desk().run(['run', '/proc/job.lock', '--', 'true']);
    expect(ended).toMatchObject({ code: 73, stdout: '' });
    expect(ended.stderr).toMatch(
      / livinglock: Cannot create the lock \/proc\/job\.lock: .*choose another folder\.\n$/,
    );
  });

  test('a lock in another folder, in which nothing can be created', async () => {
    const desk = new Desk();
    const path = '/proc/livinglock/job.lock';
    const ended = await desk.run(['run', path, '--', 'true']);
    expect(ended).toMatchObject({ code: 73 });
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe.skipIf(!isPosix)('the command', () => {
  test('gets its arguments as they are', async () => {
    const args = [
      'two words',
      "it's",
      '"quoted"',
      'line\nbreak',
      '日本語 🔒',
      '$HOME `x` \\',
      '*',
      '',
      '--',
      '-q',
    ];
    const show = 'console.log(JSON.stringify(process.argv.slice(1)))';
    const { stdout } = await new Desk().run([
      'run',
      'job',
      '--',
      process.execPath,
      '-e',
      show,
      '--',
      ...args,
    ]);
    expect(JSON.parse(stdout)).toEqual(args);
  });

  test('finds its lock in the environment', async () => {
    const desk = new Desk();
    const { stdout } = await desk.run(['run', 'job', '--', 'sh', '-c', 'env; cat "$LIVINGLOCK_PATH"']);
    const token = /^LIVINGLOCK_TOKEN=(.+)$/m.exec(stdout)?.[1];
    const fencing = /^LIVINGLOCK_FENCING_TOKEN=(\d+)$/m.exec(stdout)?.[1];
    expect(stdout).toContain(`LIVINGLOCK_PATH=${desk.path('job')}\n`);
    expect(stdout).toContain(`"token":"${token}","fencing_token":${fencing},`);
  });

  test('reads the standard input of the runner', async () => {
    const run = new Desk().start(['run', 'job', '--', 'sh', '-c', 'read -r line; echo "read $line"']);
    run.write('me\n');
    expect(await run.ended).toMatchObject({ stdout: 'read me\n' });
  });

  test('is named in the lock, so that it stays protected if the runner is killed', async () => {
    const desk = new Desk();
    const run = desk.start(['run', 'job', '--', 'sh', '-c', 'echo pid $$; exec sleep 1000']);
    const pid = await pidFrom(run);
    await expectHeldBy(pid, run, desk);
  });

  test('keeps the lock with everything that it leaves running, even if the runner is killed', async () => {
    const desk = new Desk();
    const run = desk.start(['run', 'job', '--', 'sh', '-c', 'sleep 1000 & echo pid $!']);
    const pid = await pidFrom(run);
    await expectHeldBy(pid, run, desk);
  });

  test('does not keep the lock with a daemon that it leaves behind', async () => {
    const desk = new Desk();
    const run = desk.start([
      ...['run', '--heartbeat', 'output', 'job', '--'],
      ...['bash', '-c', 'setsid sleep 1000 & echo pid $!'],
    ]);
    await pidFrom(run);
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(desk.holds('job')).toBe(false);
  });
});

test.skipIf(!isPosix)(
  'a lock stays where it is when a link in its path is switched, as by a deployment',
  async () => {
    const desk = new Desk();
    const [first, second] = ['releases/1', 'releases/2'].map((release) => join(desk.folder, release));
    const current = join(desk.folder, 'current');
    for (const release of [first, second]) mkdirSync(release ?? '', { recursive: true });
    symlinkSync('releases/1', current);
    const lock = join(current, 'job.lock');
    const job =
      'echo begun; read -r line; $LIVINGLOCK beat --progress 0.5; echo "beat $?"; cat "$LIVINGLOCK_PATH"';
    const run = desk.start(['run', '--history', lock, '--', 'sh', '-c', job]);
    await run.prints(/begun/);
    symlinkSync('releases/2', `${current}.new`);
    renameSync(`${current}.new`, current);

    expect(await desk.run(['run', lock, '--', 'true'])).toMatchObject({ code: 0, stderr: '' });
    run.write('\n');
    const ended = await run.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^begun\nbeat 0\n\{"process_id":.+"progress":\{"ratio":0\.5,/);
    expect([first, second].map((release) => readdirSync(release ?? ''))).toEqual([[], []]);
    const history = await desk.run(['history', join(first ?? '', 'job.lock')]);
    expect(history.stdout).toMatch(/ succeeded +0 +50 %/);
  },
);

test.skipIf(!isPosix)('the folder of named locks may be a link', async () => {
  const desk = new Desk();
  symlinkSync(desk.locks, join(desk.folder, 'link'));
  const env = { LIVINGLOCK_DIR: join(desk.folder, 'link') };
  const inside = '$LIVINGLOCK status';
  const { stdout } = await desk.run(['run', 'job', '--', 'sh', '-c', inside], env);
  expect(stdout).toMatch(/^job +live /m);
  for (const subcommand of ['status', 'history'])
    expect((await desk.run([subcommand], env)).stdout).toMatch(/^job\b.* succeeded /m);
});

test.skipIf(!isPosix)(
  'a run is in the history where it began, if the folder of named locks is a link that is switched',
  async () => {
    const desk = new Desk();
    mkdirSync(join(desk.folder, 'other'));
    const link = join(desk.folder, 'link');
    symlinkSync(desk.locks, link);
    const run = desk.start(['run', 'job', '--', 'sh', '-c', 'echo up; read -r x'], { LIVINGLOCK_DIR: link });
    await run.prints(/up/);
    rmSync(link);
    symlinkSync('other', link);
    run.write('\n');
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
    expect((await desk.run(['history'])).stdout).toMatch(/^job\b.* succeeded /m);
    expect(readdirSync(join(desk.folder, 'other'))).toEqual([]);
  },
);

describe.skipIf(!isPosix)('signals', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s reaches the whole process group, and its end is awaited',
    async (signal) => {
      const desk = new Desk();
      const slow = `trap 'echo got it' TERM INT HUP; echo ready; while :; do sleep 0.01; done`;
      const program = `trap 'exit 5' TERM INT HUP; (${slow}) & echo leader $$ pid $!; wait`;
      const run = desk.start(['run', 'job', '--', 'bash', '-c', program]);
      const [, leader, pid] = (await run.prints(/leader (\d+) pid (\d+)/)).map(Number);
      if (leader === undefined || pid === undefined) throw new Error('They have not said who they are');
      killAtTheEnd(pid);
      await run.prints(/ready/);

      run.signal(signal);

      await run.prints(/got it/);
      await poll('The leader does not end', () => ['Z', ''].includes(processState(leader)));
      expect(processState(run.pid)).not.toBe('');
      process.kill(pid, 'SIGKILL');
      expect(await run.ended).toMatchObject({ code: 5 });
      expect(desk.holds('job')).toBe(false);
    },
  );
});

/** Kills the runner, and expects the lock to be held as long as that process lives, which does the work. */
async function expectHeldBy(pid: number, runner: Running, desk: Desk): Promise<void> {
  runner.signal('SIGKILL');
  await waitForEndOf([runner.pid]);
  expect(await desk.run(['run', 'job', '--', 'true'])).toMatchObject({ code: 75 });
  process.kill(pid, 'SIGKILL');
  await waitForEndOf([pid]);
  expect(await desk.run(['run', 'job', '--', 'true'])).toMatchObject({ code: 0 });
}

test.each(['', ' \t'])('an empty label is refused: %j', async (label) => {
  const desk = new Desk();
  for (const args of [[`--label=${label}`], ['--label', label]]) {
    expect(await desk.run(['run', ...args, 'job', '--', 'echo', 'never'])).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringMatching(/^livinglock: [^\n]*--label[^\n]* A label must not be empty\.[^\n]*\n$/),
    });
  }
});
