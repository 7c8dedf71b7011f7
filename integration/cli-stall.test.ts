import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { breakLock } from '../src/index.js';
import { isPosix, temporaryFolder, waitForEndOf } from '../support/machine.js';
import { has, killAtTheEnd, pidFrom, poll } from '../support/running.js';
import { Desk } from './support/desk.js';

// `livinglock run` with commands that must prove that they work, and stop doing so.

/** Long enough for a working command on a busy machine. No test has to wait for more than a few of these. */
const TIMING = ['--stale-timeout', '2s', '--heartbeat-interval', '100ms'];

describe.skipIf(!isPosix)('where nobody reads the output', () => {
  test.each(['--timeout 300ms', '--heartbeat manual --stale-timeout 300ms'])(
    'a command is ended, and its lock released (%s)',
    async (options) => {
      const desk = new Desk();
      const deaf = `trap "" TERM; echo $$ > pid; while :; do sleep 0.05; done`;
      const shell = desk.startProgram('bash', [
        '-c',
        `mkfifo full; exec 3<>full; head -c 65536 /dev/zero >&3; exec 2>&3
        livinglock run ${options} --kill-after 100ms job -- sh -c '${deaf}' & run=$!
        read -r line; head -c 65536 <&3 >/dev/null; wait $run; echo "ended $?"`,
      ]);
      const file = join(desk.folder, 'pid');
      await poll('It does not begin', () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
      await waitForEndOf([Number(readFileSync(file, 'utf8'))]);
      await poll('The lock is not released', () => !desk.holds('job'));
      shell.write('read\n');
      expect((await shell.ended).stdout).toContain('ended 124');
    },
  );
});

describe.skipIf(!isPosix)('a command whose output is not read', () => {
  test('is ended as well, and the message says why', async () => {
    const desk = new Desk();
    const options = '--heartbeat output --stale-timeout 1s';
    const command = "sh -c 'exec head -c 1000000 /dev/zero'";
    const line = `livinglock run ${options} job -- ${command} | until grep -q . err; do sleep 0.1; done`;
    const { stdout } = await desk.bash(`{ ${line}; echo \${PIPESTATUS[0]}; } 2> err`);
    expect(stdout).toBe('124\n');
    expect(readFileSync(join(desk.folder, 'err'), 'utf8')).toMatch(
      /has stalled: its output has not been read for 1 second\. Ending it\. .*Ctrl-S/,
    );
  });
});

describe.skipIf(!isPosix)('a message of livinglock itself', () => {
  test('in the file that is to prove that the command is at work proves nothing', async () => {
    const desk = new Desk();
    const options = '--on-stall warn --heartbeat file:out --stale-timeout 500ms --heartbeat-interval 50ms';
    await desk.bash(`livinglock run ${options} job -- sh -c 'echo hi; exec sleep 3' > out 2>&1`);
    const stalls = readFileSync(join(desk.folder, 'out'), 'utf8').match(/has stalled/g);
    expect(stalls).toHaveLength(1);
  });
});

describe.skipIf(!isPosix)('a command that stops writing', () => {
  test('is ended, and its children with it', async () => {
    const desk = new Desk();
    const program = 'echo pid $$; sleep 1000 & echo child $!; sleep 1000';
    const run = desk.start(['run', '--heartbeat', 'output', ...TIMING, 'job', '--', 'sh', '-c', program]);
    const pids = [await run.prints(/pid (\d+)/), await run.prints(/child (\d+)/)].map(([, pid]) =>
      Number(pid),
    );
    for (const pid of pids) killAtTheEnd(pid);

    const { code, stderr } = await run.ended;

    expect(code).toBe(124);
    expect(stderr).toMatch(/has stalled: it has not written anything for .*\. Ending it\./);
    await waitForEndOf(pids);
    expect(desk.holds('job')).toBe(false);
  });

  test('is killed if it ignores SIGTERM, and nobody else begins meanwhile', async () => {
    const desk = new Desk();
    const program = `trap 'echo heard; sleep 1000' TERM; echo pid $$; while :; do sleep 0.1; done`;
    const args = [
      'run',
      '--heartbeat',
      'output',
      '--kill-after',
      '4s',
      ...TIMING,
      'job',
      '--',
      'bash',
      '-c',
      program,
    ];
    const run = desk.start(args);
    const pid = await pidFrom(run);
    await run.prints(/heard/);
    const look = `echo "[$(ps -o state= -p ${pid})]"`;
    const next = desk.start(['run', '--wait', '1m', ...TIMING, 'job', '--', 'sh', '-c', look]);
    expect(await run.ended).toMatchObject({ code: 124 });
    expect(await next.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\[Z?\]$/m) });
  });

  test('is ended once, even if a second reason arises before it has gone', async () => {
    const program = `trap 'echo heard' TERM; while :; do sleep 0.05; done`;
    const { code, stdout } = await new Desk().run([
      ...['run', '--heartbeat', 'manual', ...TIMING, '--timeout', '3s', '--kill-after', '3s'],
      ...['job', '--', 'bash', '-c', program],
    ]);
    expect(code).toBe(124);
    expect(stdout).toBe('heard\n');
  });

  test('only causes a warning with --on-stall warn', async () => {
    // It writes nothing at all. Otherwise it might stall twice on a busy machine: before its output and after it.
    const program = 'read -r line; exit 5';
    const run = new Desk().start([
      ...['run', '--heartbeat', 'output', '--on-stall', 'warn'],
      ...['--stale-timeout', '200ms', 'job', '--', 'sh', '-c', program],
    ]);
    await run.says(/has stalled.*It keeps running/);
    run.write('\n');
    const { code, stderr } = await run.ended;
    expect(code).toBe(5);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

test.skipIf(!isPosix)(
  'a command that has stalled, and is ended by --kill-stalled, is known to have stalled',
  async () => {
    const desk = new Desk();
    const heartbeat = ['--heartbeat', 'manual', '--stale-timeout', '500ms'];
    const first = desk.start([
      'run',
      ...heartbeat,
      '--on-stall',
      'warn',
      'job',
      '--',
      'sh',
      '-c',
      'read -r line',
    ]);
    await first.says(/has stalled.*It keeps running/);
    const second = await desk.run([
      'run',
      '--wait',
      '1m',
      ...heartbeat,
      '--kill-stalled',
      'job',
      '--',
      'true',
    ]);

    const holder = new RegExp(
      `job: Ended the stalled holder: PID ${first.pid} .*, last heartbeat .* ago\\.\n$`,
    );
    expect(second).toMatchObject({ code: 0, stderr: expect.stringMatching(holder) });
    expect(await first.ended).toMatchObject({ code: 143 });
    const { stdout } = await desk.run(['history', '--json', 'job']);
    const [{ runs }] = JSON.parse(stdout);
    expect(runs).toMatchObject([
      { outcome: 'stalled', signal: 'SIGTERM', reason: expect.stringContaining('it has not called') },
      { outcome: 'succeeded', takenOverFrom: { pid: first.pid, state: 'stalled' } },
    ]);
  },
);

test.skipIf(!isPosix)('--kill-stalled says whom it has ended, although the lock stays held', async () => {
  const desk = new Desk();
  const heartbeat = ['--heartbeat', 'manual', '--stale-timeout', '500ms'];
  const hold = ['--hold-at-least', '1h', '--on-stall', 'warn'];
  const first = desk.start(['run', ...heartbeat, ...hold, 'job', '-c', 'trap "exit 3" TERM; read -r line']);
  await first.says(/has stalled.*It keeps running/);
  const second = desk.start(['run', '--wait', '1m', ...heartbeat, '--kill-stalled', 'job', '--', 'true']);
  expect(await first.ended).toMatchObject({ code: 3 });
  await second.says(/Waiting for up to 1 minute/);
  second.signal('SIGTERM');
  expect((await second.ended).stderr).toContain(`job: Ended the stalled holder: PID ${first.pid}`);
  const { stdout } = await desk.run(['history', '--json', 'job']);
  expect(JSON.parse(stdout)[0].runs[0]).toMatchObject({ outcome: 'stalled', exitCode: 3 });
});

test.skipIf(!isPosix)('a command that crashes after a warning has not stalled', async () => {
  const desk = new Desk();
  const job = 'read -r line; kill -SEGV $$';
  const args = ['--heartbeat', 'manual', '--stale-timeout', '500ms', '--on-stall', 'warn', 'job', '-c', job];
  const run = desk.start(['run', ...args]);
  await run.says(/has stalled.*It keeps running/);
  run.write('\n');
  expect(await run.ended).toMatchObject({ code: 139 });
  const { stdout } = await desk.run(['history', '--json', 'job']);
  expect(JSON.parse(stdout)[0].runs).toMatchObject([{ outcome: 'ended-by-signal', signal: 'SIGSEGV' }]);
});

describe.skipIf(!isPosix)('a file as proof', () => {
  test('keeps the lock while it grows, and the command is ended when it does not', async () => {
    const desk = new Desk();
    const log = join(temporaryFolder(), 'job.log');
    writeFileSync(log, '');
    const proof = `file:${log}`;
    const run = desk.start(['run', '--heartbeat', proof, ...TIMING, 'job', '--', 'sleep', '1000']);
    await poll('The lock did not come', () => desk.holds('job'));
    for (let beats = 0; beats < 5; beats++) {
      const before = desk.record('job')['timestamp'];
      const hasBeaten = () => {
        appendFileSync(log, 'x');
        return desk.record('job')['timestamp'] !== before;
      };
      await poll('A heartbeat did not come', hasBeaten);
    }
    const { code, stderr } = await run.ended;
    expect(code).toBe(124);
    expect(stderr).toContain(`${log} has not changed`);
  });
});

describe.skipIf(!isPosix)('a command that sends its own heartbeats', () => {
  test('in bash, reports its progress, and stops when the lock is lost', async () => {
    const desk = new Desk();
    const program = `
      $LIVINGLOCK beat --progress 0.4 --note "table 4 of 10" && echo beaten
      read -r line
      $LIVINGLOCK beat || { echo "status $?"; exit 3; }`;
    const run = desk.start([
      ...[
        'run',
        '--heartbeat',
        'manual',
        '--stale-timeout',
        '1h',
        '--heartbeat-interval',
        '1ms',
        'job',
        '--',
      ],
      ...['bash', '-c', `trap '' TERM; ${program}`],
    ]);
    await run.prints(/beaten/);
    expect(desk.record('job')['progress']).toEqual({ ratio: 0.4, note: 'table 4 of 10' });
    expect(await desk.run(['run', 'job', '--', 'true'])).toMatchObject({
      code: 75,
      stderr: expect.stringContaining('40 % done, table 4 of 10'),
    });
    await breakLock(desk.path('job'), { force: true });
    run.write('\n');
    await run.prints(/status 76/);
    expect(await run.ended).toMatchObject({ code: 76 });
  });

  test.skipIf(!has('python3'))('in Python, keeps its lock with heartbeats alone', async () => {
    const desk = new Desk();
    const program = `
import os, subprocess, sys
for line in sys.stdin:
    subprocess.run([os.environ["LIVINGLOCK"], "beat", "--note", line.strip()], check=True)
    print("beaten", line, flush=True)
`;
    const run = desk.start([
      ...[
        'run',
        '--heartbeat',
        'manual',
        '--stale-timeout',
        '10s',
        '--heartbeat-interval',
        '1ms',
        'job',
        '--',
      ],
      ...['python3', '-c', program],
    ]);
    for (const note of ['one', 'two']) {
      run.write(`${note}\n`);
      await run.prints(new RegExp(`beaten ${note}`));
      expect(desk.record('job')['progress']).toEqual({ ratio: null, note });
    }
    run.signal('SIGTERM');
    expect(await run.ended).toMatchObject({ code: 143 });
  });

  test('writes each heartbeat at once, whatever the interval', async () => {
    const program =
      '$LIVINGLOCK beat --progress 0.5 --note first && $LIVINGLOCK beat --note second && cat "$LIVINGLOCK_PATH"';
    const ended = await new Desk().run([
      ...['run', '--heartbeat', 'manual', '--heartbeat-interval', '30m', 'job', '--'],
      ...['sh', '-c', program],
    ]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ progress: { ratio: 0.5, note: 'second' } });
  });

  test('is ended when it stops doing so', async () => {
    const program = '$LIVINGLOCK beat; exec sleep 1000';
    const ended = await new Desk().run([
      'run',
      '--heartbeat',
      'manual',
      ...TIMING,
      'job',
      '--',
      'sh',
      '-c',
      program,
    ]);
    expect(ended).toMatchObject({ code: 124 });
    expect(ended.stderr).toContain('has not called `livinglock beat`');
  });
});

describe.skipIf(!isPosix)('a command that takes too long', () => {
  test('is ended', async () => {
    const ended = await new Desk().run(['run', '--timeout', '200ms', 'job', '--', 'sleep', '1000']);
    expect(ended).toMatchObject({ code: 124 });
    expect(ended.stderr).toContain('--timeout');
  });

  test('is killed if it ignores SIGTERM', async () => {
    const program = `trap '' TERM; while :; do sleep 0.1; done`;
    const args = ['run', '--timeout', '200ms', '--kill-after', '200ms', 'job', '--', 'bash', '-c', program];
    expect(await new Desk().run(args)).toMatchObject({ code: 124 });
  });
});

describe.skipIf(!isPosix)('a lock that is lost', () => {
  test('ends the command', async () => {
    const desk = new Desk();
    const run = desk.start([
      'run',
      '--stale-timeout',
      '4s',
      'job',
      '--',
      'sh',
      '-c',
      'echo pid $$; exec sleep 1000',
    ]);
    const pid = await pidFrom(run);
    await breakLock(desk.path('job'), { force: true });
    const { code, stderr } = await run.ended;
    expect(code).toBe(76);
    expect(stderr).toMatch(/was lost.*Ending the command/);
    await waitForEndOf([pid]);
  });

  test('because the runner was frozen, ends its command as soon as it wakes up', async () => {
    const desk = new Desk();
    const frozen = desk.start(['run', ...TIMING, 'job', '--', 'sh', '-c', 'echo pid $$; exec sleep 1000']);
    const pid = await pidFrom(frozen);
    await desk.freeze(frozen, 'job');
    const next = await desk.run(['run', '--wait', '1m', ...TIMING, 'job', '--', 'echo', 'my turn']);
    expect(next).toMatchObject({ code: 0, stdout: 'my turn\n' });
    frozen.signal('SIGCONT');
    expect(await frozen.ended).toMatchObject({ code: 76 });
    await waitForEndOf([pid]);
  });

  test('to --kill-stalled has its frozen runner and command ended first', async () => {
    const desk = new Desk();
    const frozen = desk.start(['run', ...TIMING, 'job', '--', 'sh', '-c', 'echo pid $$; exec sleep 1000']);
    const pid = await pidFrom(frozen);
    await desk.freeze(frozen, 'job');
    const args = ['run', '--wait', '1m', '--kill-stalled', '--kill-after', '100ms', ...TIMING, 'job', '--'];
    const next = await desk.run([...args, 'sh', '-c', `echo "[$(ps -o state= -p ${pid})]"`]);
    expect(next).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\[Z?\]$/m) });
    expect(await frozen.ended).toMatchObject({ signal: 'SIGKILL' });
  });
});
