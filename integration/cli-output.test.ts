import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { canMount, isLinux, isPosix, waitForEndOf } from '../support/machine.js';
import { killAtTheEnd, poll } from '../support/running.js';
import { Desk, PROGRAM } from './support/desk.js';

// With `livinglock run --heartbeat output`, a command's output arrives, or fails to, as it does without livinglock.

const RUN = 'livinglock run --heartbeat output job --';
/** Stalls soon, but not while it works, even on a busy machine. */
const IMPATIENT = 'livinglock run --heartbeat output --stale-timeout 2s --heartbeat-interval 100ms';
const BOTH_STREAMS = `sh -c 'for i in 1 2 3 4 5 6 7 8 9; do echo "step $i"; echo "warning $i" >&2; done'`;
/** Writes its PID to a file, and goes on as soon as there is another one. */
const PATIENT = `echo $$ > pid; until [ -e go ]; do sleep 0.01; done`;
const BOUNDLESS = { timeout: 120_000 };
const MEGABYTE = 1_000_000;
/** Writes a million bytes a hundred times, with a different value each time, and ends when it is told to. */
const WRITER = `
  for (let round = 0; round < 100; round++) {
    const chunk = Buffer.alloc(${MEGABYTE}, round % 251);
    for (let written = 0; written < chunk.length; ) {
      try {
        written += fs.writeSync(1, chunk, written);
      } catch (error) {
        if (error.code !== 'EAGAIN') throw error;
      }
    }
  }
  fs.readSync(0, Buffer.alloc(1));`;

test.skipIf(!isPosix)('100 MB pass through byte for byte, and memory stays flat', BOUNDLESS, async () => {
  const desk = new Desk();
  const args = [PROGRAM, 'run', '--heartbeat', 'output', 'job', '--', process.execPath, '-e', WRITER];
  const run = spawn(process.execPath, args, { env: desk.env(), stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    run.kill('SIGKILL');
  });
  const exit = once(run, 'exit');
  let length = 0;
  let isIntact = true;
  for await (const chunk of run.stdout) {
    for (const byte of chunk) {
      if (byte !== Math.floor(length / MEGABYTE) % 251) isIntact = false;
      length++;
    }
    if (length < 100 * MEGABYTE) continue;
    if (isLinux) expect(mostMemoryOf(run.pid)).toBeLessThan(128 * 1024);
    run.stdin.write('\n');
  }
  expect(length).toBe(100 * MEGABYTE);
  expect(isIntact).toBe(true);
  expect(await exit).toEqual([0, null]);
});

describe.skipIf(!isPosix)('the order of stdout and stderr is kept', () => {
  test.each([
    { where: 'in a file', to: '> log 2>&1' },
    { where: 'in a file that is appended to', to: '>> log 2>&1' },
    { where: 'in a pipe', to: '2>&1 | cat > log' },
    {
      where: 'in a named pipe that is opened twice',
      to: '> pipe 2> pipe',
      before: 'mkfifo pipe; cat pipe > log &',
    },
  ])('$where', async ({ to, before = '' }) => {
    const desk = new Desk();
    expect(await desk.bash(`${before}\n${RUN} ${BOTH_STREAMS} ${to}; wait`)).toMatchObject({ code: 0 });
    const alone = await desk.bash(`${BOTH_STREAMS} 2>&1`);
    expect(readFileSync(join(desk.folder, 'log'), 'utf8')).toBe(alone.stdout);
  });
});

test.skipIf(!isPosix)('each stream has its own target: one a file, the other a pipe', async () => {
  const desk = new Desk();
  for (const to of ['2> log', '3>&1 > log 2>&3 3>&-']) {
    const { stdout } = await desk.bash(`${RUN} ${BOTH_STREAMS} ${to} | cat; cat log`);
    const lines = stdout.trimEnd().split('\n');
    const expected = await desk.bash(`${BOTH_STREAMS} ${to} | cat; cat log`);
    expect(lines).toEqual(expected.stdout.trimEnd().split('\n'));
  }
});

describe.skipIf(!isPosix)('output that cannot be written', () => {
  test.skipIf(!canMount)('to a full disk fails the command, as without livinglock', async () => {
    const desk = new Desk();
    const write = 'seq 1 20000 > disk/dump; echo "exit $?, $(wc -c < disk/dump) bytes"';
    const script = `mkdir disk && mount -t tmpfs -o size=64k tmpfs disk && { ${write}; ${RUN} ${write}; }`;
    const { stdout, stderr } = await desk.startProgram('unshare', ['--mount', 'bash', '-c', script]).ended;
    expect(stdout).toMatch(/^(exit [1-9]\d*, \d+ bytes\n)\1$/);
    expect(stderr).toMatch(/^(seq: .*\n)\1$/);
  });

  describe.skipIf(!existsSync('/dev/full'))('to a device that is full', () => {
    test.each([
      { stream: 'stdout', write: 'echo hi', to: '> /dev/full' },
      { stream: 'stderr', write: 'echo hi >&2', to: '2> /dev/full' },
    ])('fails the run, which says so: $stream', async ({ stream, write, to }) => {
      const desk = new Desk();
      const { code, stdout, stderr } = await desk.bash(`${RUN} sh -c '${write}' ${to}`);
      expect({ code, stdout }).toEqual({ code: 74, stdout: '' });
      if (stream === 'stdout') expect(stderr).toMatch(/^[-+:T\d]+ livinglock: .*stdout.*ENOSPC[^\n]*\n$/);
    });

    test('fails the run whatever the exit status of the command, and the command notices that nobody reads', async () => {
      const desk = new Desk();
      const { code, stderr } = await desk.bash(`${RUN} sh -c 'yes; echo "yes: $?" >&2; exit 5' > /dev/full`);
      expect(code).toBe(74);
      expect(stderr).toMatch(/^[-+:T\d]+ livinglock: .*ENOSPC.*\nyes: 141\n$/);
    });

    test('fails the run even if nobody can be told', async () => {
      expect(await new Desk().bash(`${RUN} echo hi > /dev/full 2>&1`)).toMatchObject({ code: 74 });
    });

    test('matters less than the reason why the command was ended', async () => {
      const desk = new Desk();
      const run = 'livinglock run --heartbeat output --timeout 200ms job --';
      const { code } = await desk.bash(`${run} sh -c 'echo hi; sleep 1000' > /dev/full`);
      expect(code).toBe(124);
    });
  });

  test('because nobody reads ends the command, as without livinglock', async () => {
    const desk = new Desk();
    const line = (run: string) => `${run} yes | head -1; echo "\${PIPESTATUS[0]}"`;
    expect(await desk.bash(line(RUN))).toMatchObject({ stdout: 'y\n141\n', stderr: '' });
    expect(desk.holds('job')).toBe(false);
    expect(await desk.bash(line(''))).toMatchObject({ stdout: 'y\n141\n', stderr: '' });
  });

  test('because nobody reads is a failure, even if the command has not noticed', async () => {
    const desk = new Desk();
    const line = (run: string) =>
      `${run} sh -c 'until [ -e gone ]; do sleep 0.01; done; echo late' | { exec <&-; touch gone; }; echo "\${PIPESTATUS[0]}"; rm gone`;
    expect(await desk.bash(line(RUN))).toMatchObject({ stdout: '141\n', stderr: '' });
  });
});

describe.skipIf(!isPosix)('a command whose runner is killed', () => {
  test('goes on writing to its file', async () => {
    const desk = new Desk();
    const command = `echo start; ${PATIENT}; echo more; echo more >&2; echo done > end`;
    const run = desk.startProgram('bash', ['-c', `exec ${RUN} sh -c '${command}' > log 2>&1`]);
    const pid = await pidFrom(desk);
    run.signal('SIGKILL');
    await waitForEndOf([run.pid]);
    writeFileSync(join(desk.folder, 'go'), '');
    await waitForEndOf([pid]);
    expect(readFileSync(join(desk.folder, 'end'), 'utf8')).toBe('done\n');
    expect(readFileSync(join(desk.folder, 'log'), 'utf8')).toBe('start\nmore\nmore\n');
  });

  test('ends at its next write to a pipe', async () => {
    const desk = new Desk();
    const run = desk.startProgram('bash', [
      '-c',
      `exec ${RUN} bash -c '${PATIENT}; echo more; echo done > end'`,
    ]);
    const pid = await pidFrom(desk);
    run.signal('SIGKILL');
    await waitForEndOf([run.pid]);
    writeFileSync(join(desk.folder, 'go'), '');
    await waitForEndOf([pid]);
    expect(existsSync(join(desk.folder, 'end'))).toBe(false);
  });
});

describe.skipIf(!isPosix)('output to a file is proof', () => {
  test.each([
    { to: '> log 2>&1', write: 'echo out' },
    { to: '>> log 2>&1', write: '(echo err >&2)' },
    { to: '2> log', write: 'echo err >&2' },
    { to: '2> log', write: 'echo out' },
  ])('of work: $write with $to', async ({ to, write }) => {
    const desk = new Desk();
    writeFileSync(join(desk.folder, 'log'), 'before\n');
    const run = desk.startProgram('bash', ['-c', `exec ${IMPATIENT} job -- sh ${to}`]);
    await poll('The lock did not come', () => desk.holds('job'));
    for (let beats = 0; beats < 5; beats++) {
      const before = desk.record('job')['timestamp'];
      await poll('A heartbeat did not come', () => {
        run.write(`${write}\n`);
        return desk.record('job')['timestamp'] !== before;
      });
    }
    run.endInput();
    expect(await run.ended).toMatchObject({ code: 0 });
  });

  test.skipIf(!isLinux)('but not if others write to the same log', async () => {
    const desk = new Desk();
    const log = join(desk.folder, 'log');
    const run = desk.startProgram('bash', [
      '-c',
      `exec ${IMPATIENT} job -- sh -c 'echo $$ > pid; exec sleep 1000' >> log 2>&1`,
    ]);
    await pidFrom(desk);
    await poll('The run did not end', () => {
      appendFileSync(log, 'a line of another job\n');
      return run.hasEnded;
    });
    expect(await run.ended).toMatchObject({ code: 124 });
    expect(readFileSync(log, 'utf8')).toContain('it has not written anything');
  });

  test.skipIf(!isLinux)('but not if the runner itself writes there', async () => {
    const desk = new Desk();
    const run = desk.startProgram('bash', [
      '-c',
      `exec livinglock run --heartbeat output --on-stall warn --stale-timeout 200ms job -- sh -c 'read -r line' 2>> log`,
    ]);
    const warnings = () => readFileSync(join(desk.folder, 'log'), 'utf8').split('has stalled').length - 1;
    await poll('It did not stall', () => existsSync(join(desk.folder, 'log')) && warnings() > 0);
    // Another run takes over only from a holder that has sent no heartbeats.
    const next = await desk.run(['run', '--wait', '1m', '--stale-timeout', '200ms', 'job', '--', 'true']);
    expect(next).toMatchObject({ code: 0 });
    expect(warnings()).toBe(1);
    run.endInput();
    await run.ended;
  });
});

async function pidFrom(desk: Desk): Promise<number> {
  const path = join(desk.folder, 'pid');
  await poll('The command did not start', () => existsSync(path) && readFileSync(path, 'utf8') !== '');
  const pid = Number(readFileSync(path, 'utf8'));
  killAtTheEnd(pid);
  return pid;
}

/** Of a Linux process, in kibibytes (proc_pid_status(5)). */
function mostMemoryOf(pid: number | undefined): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
