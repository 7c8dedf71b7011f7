import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { canMount, isLinux, isPosix, waitForEndOf } from '../support/machine.js';
import { killAtTheEnd, poll } from '../support/running.js';
import { Desk, oneLineWith, PROGRAM } from './support/desk.js';
import { canHaveTerminal, startOnTerminal } from './support/terminal.js';

// `livinglock run --log` and `--output`, and `livinglock logs`.

const MEGABYTE = 1024 * 1024;
/** Ends with the exit status that it is told. */
const OBEDIENT = ['sh', '-c', 'echo at work; read -r answer; echo done; exit $answer'];
const BOTH_STREAMS = `sh -c 'for i in 1 2 3 4 5 6 7 8 9; do echo "step $i"; echo "warning $i" >&2; done'`;

function logsOf(desk: Desk, folder = join(desk.history, 'logs')): string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .toSorted()
        .map((name) => join(folder, name))
    : [];
}

/** Writes a file of that many megabytes, each of which begins with its number. */
function writeLines(path: string, megabytes: number): void {
  const rest = Buffer.alloc(MEGABYTE, '.......\n');
  for (let each = 1; each <= megabytes; each++) {
    appendFileSync(path, `megabyte ${each}\n`);
    appendFileSync(path, rest);
  }
}

function contentOf(path: string | undefined): string {
  return path === undefined ? 'no log' : readFileSync(path, 'utf8');
}

async function lastRun(desk: Desk): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await desk.run(['history', '--json', 'job']);
  return JSON.parse(stdout)[0].runs.at(-1);
}

describe.skipIf(!isPosix)('run --log', () => {
  test('keeps the output of each run in a file for this user alone, and passes it on', async () => {
    const desk = new Desk();
    const run = ['run', '--log', 'job', '--', 'sh', '-c', 'echo one; echo two >&2; exit 4'];
    expect(await desk.run(run)).toEqual({ code: 4, signal: null, stdout: 'one\n', stderr: 'two\n' });
    const [log = ''] = logsOf(desk);
    expect(readFileSync(log, 'utf8').split('\n').toSorted()).toEqual(['', 'one', 'two']);
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect(statSync(join(log, '..')).mode & 0o777).toBe(0o700);
    expect(await lastRun(desk)).toMatchObject({ output: log });
  });

  test.each(['> out 2>&1', '2>&1 | cat > out'])(
    'keeps the order of stdout and stderr if both have one target: %s',
    async (to) => {
      const desk = new Desk();
      await desk.bash(`livinglock run --log job -- ${BOTH_STREAMS} ${to}`);
      const { stdout: expected } = await desk.bash(`${BOTH_STREAMS} 2>&1`);
      expect(readFileSync(join(desk.folder, 'out'), 'utf8')).toBe(expected);
      expect(contentOf(logsOf(desk)[0])).toBe(expected);
    },
  );

  test('keeps the order of stdout and stderr if nothing is passed on', async () => {
    const desk = new Desk();
    const { stdout, stderr } = await desk.bash(
      `livinglock run --log --output never job -- ${BOTH_STREAMS} > out`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
    const { stdout: expected } = await desk.bash(`${BOTH_STREAMS} 2>&1`);
    expect(contentOf(logsOf(desk)[0])).toBe(expected);
    expect(readFileSync(join(desk.folder, 'out'), 'utf8')).toBe('');
  });

  test('changes no byte', async () => {
    const desk = new Desk();
    const binary = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256));
    writeFileSync(join(desk.folder, 'binary'), binary);
    await desk.bash('livinglock run --log job -- cat binary > out');
    expect(readFileSync(join(desk.folder, 'out'))).toEqual(binary);
    expect(readFileSync(logsOf(desk)[0] ?? '')).toEqual(binary);
    await desk.bash('livinglock logs job > shown');
    expect(readFileSync(join(desk.folder, 'shown'))).toEqual(binary);
  });

  test('keeps the beginning and the end of 50 MB, and passes all of it on', async () => {
    const desk = new Desk();
    writeLines(join(desk.folder, 'lines'), 50);
    const { code, stdout } = await desk.bash('livinglock run --log job -- cat lines | cksum; cksum < lines');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^(.*\n)\1$/);
    const log = contentOf(logsOf(desk)[0]);
    expect(log.length).toBeLessThanOrEqual(10 * MEGABYTE);
    expect(log.length).toBeGreaterThan(6 * MEGABYTE);
    expect(log).toMatch(/^megabyte 1\n\.{7}\n/);
    expect(log).toMatch(/\n\[livinglock: \d+ bytes are left out here\] +\n/);
    expect(log).toMatch(/\nmegabyte 50\n(?:\.{7}\n)+$/);
  });

  test('keeps the logs of the last runs, and touches no other file', async () => {
    const desk = new Desk();
    const run = (lock: string, text: string) =>
      desk.run(['run', '--log=kept/', '--keep-logs', '2', lock, '--', 'echo', text]);
    await run('other', 'of another lock');
    const folder = join(desk.folder, 'kept');
    writeFileSync(join(folder, 'job-notes.log'), 'mine');
    symlinkSync('job-notes.log', join(folder, 'job-link.log'));
    for (const text of ['one', 'two', 'three']) await run('job', text);
    expect(logsOf(desk, folder).map(contentOf).toSorted()).toEqual([
      'mine',
      'mine',
      'of another lock\n',
      'three\n',
      'two\n',
    ]);
    expect((await desk.run(['logs', '--run', '2', 'job'])).stdout).toBe('two\n');
  });

  test('of a run beside another one (--force) does not replace the log of that one', async () => {
    const desk = new Desk();
    const run = desk.start(['run', '--log', '--keep-logs', '1', 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    await desk.run(['run', '-q', '--force', '--log', '--keep-logs', '1', 'job', '--', 'echo', 'beside']);
    expect(logsOf(desk)).toHaveLength(2);
    run.write('0\n');
    await run.ended;
  });

  test('appends to a file', async () => {
    const desk = new Desk();
    for (const text of ['one', 'two']) await desk.run(['run', '--log=my.log', 'job', '--', 'echo', text]);
    expect(readFileSync(join(desk.folder, 'my.log'), 'utf8')).toBe('one\ntwo\n');
    expect(await lastRun(desk)).toMatchObject({ output: join(desk.folder, 'my.log') });
    expect((await desk.run(['logs', 'job'])).stdout).toBe('one\ntwo\n');
  });

  describe('runs the command, and says in one line what is missing, if', () => {
    const run = (where: string) => ['run', `--log=${where}`, 'job', '--', 'echo', 'done'];
    const notKept = { code: 0, stdout: 'done\n', stderr: oneLineWith('The output of this run is not kept') };

    test.each([
      ['its folder cannot be made', '/proc/livinglock/'],
      ['its file is a link', 'link'],
      ['its file is a device', '/dev/null'],
      ['its file is a pipe', 'pipe'],
    ])('%s', async (_what, where) => {
      const desk = new Desk();
      writeFileSync(join(desk.folder, 'precious'), 'mine');
      symlinkSync('precious', join(desk.folder, 'link'));
      await desk.bash('mkfifo pipe');
      expect(await desk.run(run(where))).toMatchObject(notKept);
      expect(readFileSync(join(desk.folder, 'precious'), 'utf8')).toBe('mine');
      expect(await lastRun(desk)).toMatchObject({ outcome: 'succeeded', output: null });
    });

    test('it is the lock', async () => {
      const desk = new Desk();
      const ran = await desk.run(['run', '--log=job.lock', './job.lock', '--', 'cat', 'job.lock']);
      expect(ran).toMatchObject({ ...notKept, stdout: expect.stringMatching(/^\{"process_id":.*\}\n$/) });
      expect(existsSync(join(desk.folder, 'job.lock'))).toBe(false);
    });

    test.skipIf(!canMount)('the disk is full', async () => {
      const desk = new Desk();
      const script = `mkdir disk && mount -t tmpfs -o size=64k tmpfs disk && livinglock run --log=disk/ job -- seq 1 50000`;
      const { code, stdout, stderr } = await desk.startProgram('unshare', ['--mount', 'bash', '-c', script])
        .ended;
      expect(code).toBe(0);
      expect(stdout).toMatch(/^1\n2\n[\s\S]*\n50000\n$/);
      expect(stderr).toEqual(oneLineWith(/The log of this run is incomplete: ENOSPC/));
    });
  });

  test('has what was written until its runner was killed', async () => {
    const desk = new Desk();
    const run = desk.start(['run', '--log', 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    // It is passed on and written at the same time.
    await poll('It is not in the log', () => contentOf(logsOf(desk)[0]) === 'at work\n');
    await poll('It is not named', () => Object(desk.record('job')['workers']).length === 1);
    run.signal('SIGKILL');
    await run.ended;
    expect(contentOf(logsOf(desk)[0])).toBe('at work\n');
    const { workers } = desk.record('job');
    killAtTheEnd(Number(Object(workers)[0].pid));
    run.endInput();
    await waitForEndOf([Number(Object(workers)[0].pid)]);
  });

  test('ends a command whose reader is gone, as without livinglock', async () => {
    const desk = new Desk();
    const line = (run: string) => `${run} yes | head -1; echo "\${PIPESTATUS[0]}"`;
    expect(await desk.bash(line('livinglock run --log job --'))).toMatchObject({
      stdout: 'y\n141\n',
      stderr: '',
    });
    expect(contentOf(logsOf(desk)[0])).toMatch(/^y\ny\n/);
  });

  test('is not held up by a daemon that keeps the output open', async () => {
    const desk = new Desk();
    const command = "setsid sh -c 'echo $$ > pid; exec sleep 1000' & until [ -s pid ]; do :; done; echo done";
    const { code, stdout } = await desk.bash(
      `livinglock run --log job -c "${command.replaceAll('$', '\\$')}"`,
    );
    killAtTheEnd(Number(readFileSync(join(desk.folder, 'pid'), 'utf8')));
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'done\n' });
    expect(contentOf(logsOf(desk)[0])).toBe('done\n');
  });

  test('has the output of a run that finds a slow reader', async () => {
    const desk = new Desk();
    const run = spawn(process.execPath, [PROGRAM, 'run', '--log', 'job', '--', 'seq', '1', '200000'], {
      env: desk.env(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void run.kill('SIGKILL'));
    const exit = once(run, 'exit');
    await poll('No log came', () => logsOf(desk).some((path) => statSync(path).size > 60_000));
    expect(desk.holds('job')).toBe(true);
    let text = '';
    for await (const chunk of run.stdout) text += chunk;
    expect(text).toMatch(/\n200000\n$/);
    expect(await exit).toEqual([0, null]);
    expect(contentOf(logsOf(desk)[0])).toBe(text);
  });

  test.each([
    { options: ['--log', '--timeout', '1s', '--kill-after', '1s'], outcome: 'timed-out', code: 124 },
    {
      options: ['--output', 'on-failure', '--timeout', '1s', '--kill-after', '1s'],
      outcome: 'failed',
      code: 3,
    },
  ])('ends by SIGKILL if nobody reads a socket: $options', async ({ options, outcome, code }) => {
    const desk = new Desk();
    const command = 'head -c 1000000 /dev/zero; exit 3';
    const run = spawn(process.execPath, [PROGRAM, 'run', ...options, 'job', '-c', command], {
      env: desk.env(),
      // What Node calls a pipe is a socket.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void run.kill('SIGKILL'));
    const exit = once(run, 'exit');
    let said = '';
    for await (const chunk of run.stderr) said += chunk;
    expect(await exit).toEqual([null, 'SIGKILL']);
    expect(said).toMatch(`this process ends itself by SIGKILL, not with exit status ${code}.`);
    expect(desk.holds('job')).toBe(false);
    expect(await lastRun(desk)).toMatchObject({ outcome, exitCode: code });
  });

  describe.skipIf(!isLinux)('ends although nobody reads what it writes', () => {
    /** More than one pipe holds, and less than two. */
    const write = `sh -c 'head -c 100000 /dev/zero; touch written; exit 3'`;

    test.each([
      { options: '--log --timeout 1s', code: 124 },
      { options: '--heartbeat output --timeout 1s', code: 124 },
      { options: '--output on-failure --timeout 1s --kill-after 1s', code: 3 },
    ])('at its time limit: $options', async ({ options, code }) => {
      const desk = new Desk();
      const line = `mkfifo pipe; exec 9<> pipe; livinglock run ${options} job -- ${write} > pipe`;
      expect(await desk.bash(line)).toMatchObject({ code });
      expect(desk.holds('job')).toBe(false);
    });

    test.each(['--log', '--heartbeat output', '--output on-failure'])('by a signal: %s', async (options) => {
      const desk = new Desk();
      const run = `livinglock run ${options} job -- ${write} > pipe &`;
      const signal =
        'until [ -e written ]; do sleep 0.01; done; while kill $! 2> /dev/null; do sleep 0.01; done';
      const ended = await desk.bash(`mkfifo pipe; exec 9<> pipe; ${run} ${signal}; wait $!`);
      // A signal may arrive before the command ends by itself.
      expect([3, 143]).toContain(ended.code);
      expect(desk.holds('job')).toBe(false);
    });
  });

  test('leaves stdin and exit status alone, and is proof of work', async () => {
    const desk = new Desk();
    const options = ['--heartbeat', 'output', '--stale-timeout', '2s', '--heartbeat-interval', '100ms'];
    const run = desk.start(['run', '--log', ...options, 'job', '--', 'sh']);
    await poll('The lock did not come', () => desk.holds('job'));
    for (let beats = 0; beats < 3; beats++) {
      const before = desk.record('job')['timestamp'];
      await poll('A heartbeat did not come', () => {
        run.write('echo beat\n');
        return desk.record('job')['timestamp'] !== before;
      });
    }
    run.write('exit 7\n');
    expect(await run.ended).toMatchObject({ code: 7 });
  });

  test.skipIf(!canHaveTerminal)(
    'reads what a command writes on a terminal, which types and sees all',
    async () => {
      const desk = new Desk();
      const command = 'test -t 0 && test ! -t 1 && echo ready; read -r word; echo "got $word" >&2';
      const run = startOnTerminal(desk, `exec livinglock run --log job -c '${command}'`);
      await run.prints(/ready/);
      run.write('hello\n');
      await run.prints(/got hello/);
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(contentOf(logsOf(desk)[0])).toBe('ready\ngot hello\n');
    },
  );
});

describe.skipIf(!isPosix || !canHaveTerminal)('on a terminal, run --log', () => {
  test('leaves Ctrl-C to the command', async () => {
    const desk = new Desk();
    const command = `trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.05; done`;
    const run = startOnTerminal(desk, `exec livinglock run --log job -c '${command}'`);
    await run.prints(/ready/);
    run.write('\u0003');
    expect(await run.ended).toMatchObject({ code: 5, stdout: expect.stringContaining('interrupted') });
    expect(contentOf(logsOf(desk)[0])).toBe('ready\ninterrupted\n');
    expect(desk.holds('job')).toBe(false);
  });

  test('goes on without the terminal with --ignore-hangup', async () => {
    const desk = new Desk();
    const command = `echo ready; until [ -e go ]; do sleep 0.05; done; echo more; echo end; exit 3`;
    const run = startOnTerminal(desk, `exec livinglock run --ignore-hangup --log job -c '${command}'`);
    await run.prints(/ready/);
    run.signal('SIGKILL');
    await run.ended;
    writeFileSync(join(desk.folder, 'go'), '');
    await poll('It does not end', async () => (await desk.run(['history', 'job'])).stdout.includes('job '));
    expect(await lastRun(desk)).toMatchObject({ outcome: 'failed', exitCode: 3 });
    expect(contentOf(logsOf(desk)[0])).toBe('ready\nmore\nend\n');
  });
});

describe.skipIf(!isPosix)('run --output', () => {
  const failing = (command: string, ...options: string[]) => [
    'run',
    '--output',
    'on-failure',
    ...options,
    'job',
    '-c',
    command,
  ];

  test('on-failure says nothing of a success', async () => {
    const desk = new Desk();
    const run = failing('echo one; echo two >&2');
    expect(await desk.run(run)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(logsOf(desk)).toEqual([]);
  });

  test.each([
    ['alive', []],
    ['output', ['--heartbeat', 'output']],
    ['manual', ['--heartbeat', 'manual']],
    ['file', ['--heartbeat', 'file:/dev/null']],
    ['alive, with a log', ['--log']],
  ])('on-failure shows all output of a failure, under a line: --heartbeat %s', async (_proof, options) => {
    const desk = new Desk();
    const run = failing('echo one; echo two >&2; exit 4', ...options);
    expect(await desk.run(run)).toEqual({
      code: 4,
      signal: null,
      stdout: 'one\n',
      stderr: expect.stringMatching(
        /^\S+ livinglock: job: echo one; .* failed: exit status 4 after \d+m?s\. Its output:\ntwo\n$/,
      ),
    });
    expect(logsOf(desk)).toHaveLength(options.includes('--log') ? 1 : 0);
  });

  test('on-failure says the label once', async () => {
    const args = ['run', '--label', 'the backup', '--output', 'on-failure', 'job', '--', 'false'];
    const { stderr } = await new Desk().run(args);
    expect(stderr).toMatch(/ livinglock: the backup: The command failed: exit status 1 after /);
  });

  test('on-failure shows the line first, and the output in order, in what cron mails', async () => {
    const desk = new Desk();
    const { stdout } = await desk.bash(
      `livinglock run --output on-failure job -- ${BOTH_STREAMS.replace("done'", "done; exit 1'")} 2>&1 | cat`,
    );
    const [line, ...rest] = stdout.split('\n');
    expect(line).toMatch(/failed: exit status 1/);
    expect(rest.join('\n')).toBe((await desk.bash(`${BOTH_STREAMS} 2>&1`)).stdout);
  });

  test.each([
    ['was ended by SIGKILL: exit status 137', 'kill -KILL $$', []],
    ['reached its time limit: exit status 124', 'sleep 100', ['--timeout', '200ms']],
    ['stalled: exit status 124', 'sleep 100', ['--heartbeat', 'output', '--stale-timeout', '300ms']],
    ['lost its lock: exit status 76', 'livinglock break --force job 2> /dev/null', []],
  ])('on-failure shows the output of a run that %s', async (how, command, options) => {
    const desk = new Desk();
    const { stdout, stderr } = await desk.run(failing(`echo begun; ${command}`, ...options));
    expect(stdout).toContain('begun\n');
    expect(stderr).toContain(` ${how} after `);
  });

  test('on-failure shows the output although the package was removed meanwhile', async () => {
    const desk = new Desk();
    const copy = join(desk.folder, 'package', 'dist');
    cpSync(join(PROGRAM, '../..'), copy, { recursive: true });
    symlinkSync(join(import.meta.dirname, '../node_modules'), join(copy, '../node_modules'));
    const program = join(copy, 'bin', 'livinglock.js');
    const command = 'echo one; rm -r package/dist; exit 4';
    const args = ['run', '--no-history', '--output', 'on-failure', 'job', '-c', command];
    const { code, stdout, stderr } = await desk.startProgram(process.execPath, [program, ...args]).ended;
    expect({ code, stdout }).toEqual({ code: 4, stdout: 'one\n' });
    expect(stderr).toEqual(oneLineWith('exit status 4'));
  });

  test('on-failure says so if a failure has written nothing', async () => {
    const { stderr } = await new Desk().run(failing('exit 3'));
    expect(stderr).toEqual(oneLineWith(/exit status 3 after \d+m?s\. It has written nothing\./));
  });

  test('on-failure holds 50 MB back on the disk, and shows every byte', async () => {
    const desk = new Desk();
    writeLines(join(desk.folder, 'lines'), 50);
    const { stdout } = await desk.bash(
      `livinglock run --output on-failure job -c 'cat lines; exit 3' 2> /dev/null | cksum; cksum < lines`,
    );
    expect(stdout).toMatch(/^(.*\n)\1$/);
  });

  test.each([
    ['of one attempt', 1, ['--log-size', '64k']],
    ['of all attempts', 2, ['--log-size', '128k', '--retry', '1', '--retry-delay', '0s']],
  ])('on-failure holds no more back than --log-size: %s', async (_which, attempts, options) => {
    const desk = new Desk();
    const all = (await desk.bash('seq 1 100000')).stdout;
    const { stdout } = await desk.run(failing('seq 1 100000; exit 4', ...options));
    expect(stdout.length).toBeLessThanOrEqual(attempts * 64 * 1024);
    const shown = stdout.split(/(?<=\n100000\n)/);
    expect(shown).toHaveLength(attempts);
    for (const output of shown) {
      const [beginning = '', leftOut, end = ''] = output.split(
        /\n\[livinglock: (\d+) bytes are left out here\] *\n/,
      );
      expect(beginning.length + Number(leftOut) + end.length).toBe(all.length);
      expect(all.startsWith(beginning) && all.endsWith(end)).toBe(true);
      expect(Math.min(beginning.length, end.length)).toBeGreaterThan(20_000);
    }
  });

  test('on-failure releases the lock before anyone reads the output', async () => {
    const desk = new Desk();
    const run = spawn(process.execPath, [PROGRAM, ...failing('seq 1 200000; exit 3')], {
      env: desk.env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void run.kill('SIGKILL'));
    const [line] = await once(run.stderr, 'data');
    expect(String(line)).toContain('Its output:');
    expect(desk.holds('job')).toBe(false);
    const { code } = await desk.run(['run', 'job', '--', 'true']);
    expect(code).toBe(0);
    let text = '';
    for await (const chunk of run.stdout) text += chunk;
    expect(text).toMatch(/\n200000\n$/);
  });

  test.skipIf(!canMount)(
    'on-failure passes the output on if it cannot be held back, and frees the disk',
    async () => {
      const desk = new Desk();
      // When all is in the pipe, most of it has been read.
      const command = 'seq 1 50000; head -c 20000 /dev/zero > disk/other';
      const run = `LIVINGLOCK_HISTORY=$PWD/disk livinglock run --output on-failure job -c '${command}'`;
      const script = `mkdir disk && mount -t tmpfs -o size=64k tmpfs disk && ${run}`;
      const { code, stdout, stderr } = await desk.startProgram('unshare', ['--mount', 'bash', '-c', script])
        .ended;
      expect(code).toBe(0);
      expect(stdout).toMatch(/^1\n2\n[\s\S]*\n50000\n$/);
      expect(stderr).toMatch(/cannot be held back: ENOSPC/);
    },
  );

  test.skipIf(!existsSync('/proc/self'))(
    'on-failure says where the output is that was passed on',
    async () => {
      const { stdout, stderr } = await new Desk().run(failing('echo one; exit 3', '--log=/proc/logs/'));
      expect(stdout).toBe('one\n');
      expect(stderr).toMatch(/cannot be held back.*\n.*exit status 3 after \S+ Its output is above\.\n$/);
    },
  );

  test('never throws the output away, but not the exit status or the proof', async () => {
    const desk = new Desk();
    const run = (...options: string[]) =>
      desk.run(['run', '--output', 'never', ...options, 'job', '-c', 'echo one; echo two >&2; exit 4']);
    const nothing = { code: 4, signal: null, stdout: '', stderr: '' };
    expect(await run()).toEqual(nothing);
    expect(await run('--heartbeat', 'output')).toEqual(nothing);
    expect(await run('--log')).toEqual(nothing);
    expect(contentOf(logsOf(desk)[0])).toBe('one\ntwo\n');
  });
});

describe.skipIf(!isPosix)('livinglock logs', () => {
  test('shows the run at work, and follows it until it ends', async () => {
    const desk = new Desk();
    const run = desk.start(['run', '--log', 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    expect(await desk.run(['logs', 'job'])).toEqual({
      code: 0,
      signal: null,
      stdout: 'at work\n',
      stderr: oneLineWith('job is at work. To follow it, add -f.'),
    });
    const following = desk.start(['logs', '-f', 'job']);
    await following.prints(/at work/);
    run.write('3\n');
    await following.prints(/done/);
    expect(await following.ended).toMatchObject({ code: 0, stdout: 'at work\ndone\n' });
    await run.ended;
    expect((await desk.run(['logs', 'job'])).stderr).toEqual(
      oneLineWith(/job, started [\d:]+, failed: exit status 3 after/),
    );
  });

  test('follows a run whose log is cut meanwhile, and says what is missing', async () => {
    const desk = new Desk();
    const run = desk.start(['run', '--log', '--log-size', '64k', '--output', 'never', 'job', '--', 'sh']);
    await poll('There is no log', () => logsOf(desk).length > 0);
    const following = desk.start(['logs', '-f', 'job']);
    run.write('echo first\n');
    await following.prints(/first/);
    run.write('seq 1 60000; echo last\n');
    await following.prints(/60000\nlast\n/);
    run.write('echo more; exit\n');
    const { stdout, stderr } = await following.ended;
    expect(stdout).toMatch(/59999\n60000\nlast\nmore\n$/);
    expect(stdout + stderr).toMatch(/bytes (are|were) left out/);
  });

  test('ends with a run that was killed', async () => {
    const desk = new Desk();
    const run = desk.start(['run', '--log', 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    const following = desk.start(['logs', '-f', 'job']);
    await following.prints(/at work/);
    await poll('The lock does not name it', () => 'workers' in desk.record('job'));
    const { workers } = desk.record('job');
    run.signal('SIGKILL');
    process.kill(-Number(Object(workers)[0].pid), 'SIGKILL');
    expect(await following.ended).toMatchObject({ code: 0, stdout: 'at work\n' });
  });

  test('knows the run at work, although the clock was set back', async () => {
    const desk = new Desk();
    await desk.run(['run', '--log', 'job', '--', 'echo', 'earlier']);
    const [earlier = ''] = logsOf(desk);
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString().replaceAll(/[-:.]/g, '');
    renameSync(earlier, earlier.replace(/\d{8}T\d{9}Z/, inAnHour));
    const run = desk.start(['run', '--log', 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    expect(await desk.run(['logs', 'job'])).toMatchObject({
      stdout: 'at work\n',
      stderr: oneLineWith('To follow it, add -f.'),
    });
    expect((await desk.run(['logs', '--run', '2', 'job'])).stdout).toBe('earlier\n');
  });

  test('shows what is in other folders if one was replaced by a file', async () => {
    const desk = new Desk();
    await desk.run(['run', '--log=gone/', 'job', '--', 'echo', 'one']);
    await desk.run(['run', '--log', 'job', '--', 'echo', 'two']);
    rmSync(join(desk.folder, 'gone'), { recursive: true });
    writeFileSync(join(desk.folder, 'gone'), '');
    expect(await desk.run(['logs', 'job'])).toMatchObject({
      code: 0,
      stdout: 'two\n',
      stderr: oneLineWith(`The logs in ${join(desk.folder, 'gone')} cannot be found: ENOTDIR`),
    });
  });

  test('does not pass an earlier run off as the one at work', async () => {
    const desk = new Desk();
    await desk.run(['run', '--log', 'job', '--', 'echo', 'earlier']);
    const run = desk.start(['run', 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    expect(await desk.run(['logs', '-f', 'job'])).toMatchObject({
      stdout: 'earlier\n',
      stderr: oneLineWith('This is an earlier run'),
    });
  });

  test.each([
    [['job'], 66, 'No output of job is kept. livinglock run --log keeps it.'],
    [[], 64, "missing required argument 'lock'. See livinglock logs --help."],
    [['one', 'two'], 64, 'Name one: livinglock logs LOCK'],
    [['--run', '0', 'job'], 64, 'whole number above 0'],
  ])('%j exits with %i', async (args, code, message) => {
    expect(await new Desk().run(['logs', ...args])).toMatchObject({
      code,
      stdout: '',
      stderr: oneLineWith(message),
    });
  });

  test('points to the journal if the job is a unit of systemd', async () => {
    const desk = new Desk();
    const units = join(desk.folder, '.config', 'systemd', 'user');
    mkdirSync(units, { recursive: true });
    writeFileSync(join(units, 'livinglock-job.service'), '');
    const { stderr } = await desk.run(['logs', 'job']);
    expect(stderr).toContain(
      'The output of its unit is in the journal: journalctl --user -u livinglock-job.service\n',
    );
  });

  test('says where the output is that runs append to one file', async () => {
    const desk = new Desk();
    const run = desk.start(['run', '--log=all.log', 'job', '--', ...OBEDIENT]);
    await run.prints(/at work/);
    expect(await desk.run(['logs', 'job'])).toMatchObject({
      code: 66,
      stderr: oneLineWith('job is at work. If it has --log=FILE, its output is in that file'),
    });
    run.write('0\n');
    await run.ended;
    const { code, stdout, stderr } = await desk.run(['logs', 'job']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'at work\ndone\n' });
    expect(stderr).toEqual(oneLineWith('all.log has the output of all runs that append to it'));
  });

  test('names the machine of a run that is at work elsewhere, where its output is', async () => {
    const desk = new Desk();
    await desk.live('job');
    const record = readFileSync(desk.path('job'), 'utf8');
    writeFileSync(desk.path('job'), record.replace(/("hostname": *)"[^"]*"/, '$1"db-2"'));
    expect(await desk.run(['logs', 'job'])).toMatchObject({
      code: 66,
      stderr: oneLineWith('job is at work on db-2. Its output is on that machine, if it is kept'),
    });
    expect(await desk.run(['logs', '--store', 'sqlite:locks.db', 'job'])).toMatchObject({ code: 73 });
    await desk.run(['run', '--store', 'sqlite:locks.db', 'job', '--', 'true']);
    expect(await desk.run(['logs', '--store', 'sqlite:locks.db', 'job'])).toMatchObject({
      code: 66,
      stderr: oneLineWith('No output of job is kept on this machine. livinglock run --log keeps it.'),
    });
  });

  test('knows runs of a lock that is a path, which have no history', async () => {
    const desk = new Desk();
    await desk.run(['run', '--log', './job.lock', '--', 'echo', 'of a path']);
    expect((await desk.run(['logs', './job.lock'])).stdout).toBe('of a path\n');
    expect(await desk.run(['logs', '--run', '2', './job.lock'])).toMatchObject({ code: 66 });
  });
});
