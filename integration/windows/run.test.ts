import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { breakLock } from '../../src/index.js';
import { processExists } from '../../src/system/processes/process-exists.js';
import { pidFrom, poll } from '../../support/running.js';
import { Desk, PROGRAM } from '../support/desk.js';

// `livinglock run` and `livinglock beat`, with commands of Windows.

/** Prints its PID, and ends when it is told to. */
const OBEDIENT =
  'console.log("pid", process.pid); process.stdin.on("data", (answer) => process.exit(Number(answer)))';
/** Prints its PID, and does nothing. */
const IDLE = `console.log('pid', process.pid); setInterval(() => {}, 1e6)`;

const TIMING = ['--stale-timeout', '2s', '--heartbeat-interval', '100ms'];

/** Prints whether there is a process with that PID. */
function isThere(pid: number): string {
  return `let isThere = true; try { process.kill(${pid}, 0) } catch { isThere = false }; console.log(isThere)`;
}

const isRunning = (pid: number) => processExists(pid) !== 'no';

function node(script: string): string[] {
  return [process.execPath, '-e', script];
}

describe('the exit code', () => {
  test.each([
    { command: ['cmd', '/c', 'exit 3'], code: 3 },
    { command: ['cmd', '/c', 'exit 1'], code: 1 },
    { command: ['cmd.exe', '/c', 'exit', '0'], code: 0 },
    { command: ['hostname'], code: 0 },
    { command: node('process.exit(7)'), code: 7 },
  ])('of $command is $code', async ({ command, code }) => {
    const desk = new Desk();
    expect(await desk.run(['run', 'job', '--', ...command])).toMatchObject({ code, stderr: '' });
    expect(desk.holds('job')).toBe(false);
  });

  test('of a line for the shell is that of the shell', async () => {
    const desk = new Desk();
    const ended = await desk.run(['run', '-c', 'echo "a  b" & exit /b 4', 'job']);
    expect(ended).toMatchObject({ code: 4, stdout: expect.stringMatching(/^"a {2}b" ?\r\n$/), stderr: '' });
  });

  test.each(['job.bat', 'job.cmd'])('of %s is that of the script, which gets its arguments', async (name) => {
    const desk = new Desk();
    writeFileSync(join(desk.folder, name), '@echo off\r\necho [%~1] [%~2]\r\nexit /b 6\r\n');
    for (const program of [name, join(desk.folder, name), 'job']) {
      const ended = await desk.run(['run', 'job', '--', program, 'a b', 'c']);
      expect(ended).toMatchObject({
        code: 6,
        stdout: expect.stringMatching(/^\[a b\] \[c\] ?\r\n$/),
        stderr: '',
      });
    }
    expect(desk.holds('job')).toBe(false);
  });

  test.each(['livinglock-has-no-such-program', 'dir', 'C:\\no\\such.exe'])(
    'of %s, which is no program, is 127, and nothing is locked',
    async (program) => {
      const desk = new Desk();
      const ended = await desk.run(['run', 'job', '--', program, 'nothing']);
      expect(ended).toMatchObject({ code: 127, stdout: '' });
      expect(ended.stderr).toContain(`There is no command ${program}.`);
      expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    },
  );

  test('of a file that is no program is 126', async () => {
    const desk = new Desk();
    writeFileSync(join(desk.folder, 'job.exe'), 'no program');
    const ended = await desk.run(['run', 'job', '--', join(desk.folder, 'job.exe')]);
    expect(ended).toMatchObject({ code: 126, stdout: '' });
    expect(ended.stderr).toContain('Cannot start ');
    expect(desk.holds('job')).toBe(false);
  });
});

describe('of two runs at once', () => {
  test('one runs, the other is told which, and a third waits', async () => {
    const desk = new Desk();
    const first = desk.start(['run', 'job', '--', ...node(OBEDIENT)]);
    await first.prints(/pid \d+/);
    const second = await desk.run(['run', 'job', '--', 'hostname']);
    expect(second).toMatchObject({ code: 75, stdout: '' });
    expect(second.stderr).toContain(`PID ${first.pid} on `);
    const third = desk.start(['run', '--wait', '1m', 'job', '--', ...node('console.log("at last")')]);
    await third.says(/Waiting for up to 1 minute/);
    first.write('0\n');
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(await third.ended).toMatchObject({ code: 0, stdout: 'at last\n' });
    expect(desk.holds('job')).toBe(false);
  });

  // libuv puts each child into a job object that ends with this process (`uv__init_global_job_handle`).
  test('the other begins once the first runner was killed, and its command has ended with it', async () => {
    const desk = new Desk();
    const first = desk.start(['run', 'job', '--', ...node(IDLE)]);
    const pid = await pidFrom(first);
    first.signal('SIGKILL');
    await first.ended;
    const second = await desk.run(['run', '--wait', '1m', 'job', '--', ...node(isThere(pid))]);
    expect(second).toMatchObject({ code: 0, stdout: 'false\n' });
  });
});

describe('a command', () => {
  test.each([
    { options: ['--timeout', '1s'], words: 'its time limit of 1 second' },
    { options: ['--heartbeat', 'output', ...TIMING], words: 'it has not written anything' },
    { options: ['--heartbeat', 'manual', ...TIMING], words: 'it has not called `livinglock beat`' },
  ])('is ended with all that it has started ($options)', async ({ options, words }) => {
    const desk = new Desk();
    // What cmd.exe starts does not end with it by itself.
    const run = desk.start(['run', ...options, 'job', '--', 'cmd', '/c', ...node(IDLE)]);
    const pid = await pidFrom(run);
    expect(await run.ended).toMatchObject({ code: 124, stderr: expect.stringContaining(words) });
    await poll('It does not end', () => !isRunning(pid));
    expect(desk.holds('job')).toBe(false);
  });

  test('is ended when its lock is lost', async () => {
    const desk = new Desk();
    const run = desk.start(['run', ...TIMING, 'job', '--', ...node(IDLE)]);
    const pid = await pidFrom(run);
    await breakLock(desk.path('job'), { force: true });
    expect(await run.ended).toMatchObject({
      code: 76,
      stderr: expect.stringMatching(/was lost.*Ending the command/),
    });
    await poll('It does not end', () => !isRunning(pid));
  });

  test('passes its output on, byte for byte', async () => {
    const script = 'process.stdout.write(Buffer.alloc(1e6, "x")); process.stderr.write("err\\n")';
    const ended = await new Desk().run(['run', '--heartbeat', 'output', 'job', '--', ...node(script)]);
    expect(ended).toMatchObject({ code: 0, stderr: 'err\n' });
    expect(ended.stdout).toBe('x'.repeat(1_000_000));
  });

  test('keeps its lock by a file that grows', async () => {
    const desk = new Desk();
    const log = join(desk.folder, 'job.log');
    writeFileSync(log, '');
    const script = `let n = 0; const t = setInterval(() => { require("fs").appendFileSync(${JSON.stringify(log)}, "x"); if (++n === 40) clearInterval(t) }, 100)`;
    const ended = await desk.run([
      'run',
      '--heartbeat',
      `file:${log}`,
      ...TIMING,
      'job',
      '--',
      ...node(script),
    ]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(log, 'utf8')).toHaveLength(40);
  });

  test.each(['livinglock', 'my livinglock'])(
    'sends heartbeats from a script, where the package is in a folder such as %j',
    async (name) => {
      const desk = new Desk();
      const dist = join(desk.folder, name, 'dist');
      cpSync(dirname(dirname(PROGRAM)), dist, { recursive: true });
      const lines = [
        '@echo off',
        'call %LIVINGLOCK% beat --progress 0.5 --note half',
        'type "%LIVINGLOCK_PATH%"',
      ];
      writeFileSync(join(desk.folder, 'job.cmd'), `${lines.join('\r\n')}\r\n`);
      const args = ['run', '--heartbeat', 'manual', 'job', '--', 'job.cmd'];
      const program = join(dist, 'bin', 'livinglock.js');
      const ended = await desk.startProgram(process.execPath, [program, ...args]).ended;
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(ended.stdout)).toMatchObject({ progress: { ratio: 0.5, note: 'half' } });
    },
  );
});
