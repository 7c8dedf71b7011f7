import childProcess from 'node:child_process';
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { expectSuccess, failure, runProgram } from '../../src/schedule/run-program.js';
import { ScheduleError } from '../../src/schedule/schedule-error.js';
import { replace } from '../../support/replace.js';
import { systemError } from '../../support/world.js';

const NODE = process.execPath;

describe('a program of the system', () => {
  it('gets its arguments and its input, and returns its output and status', async () => {
    const script = `
      process.stdin.on('data', (data) => process.stdout.write(data));
      process.stdin.on('end', () => console.error(process.argv[1], process.env.LC_ALL));
      process.exitCode = 3;`;
    const { status, stdout, stderr } = await runProgram(
      NODE,
      ['-e', script, 'a b'],
      Buffer.from([0xff, 0x0a]),
    );
    expect(status).toBe(3);
    expect(stdout).toEqual(Buffer.from([0xff, 0x0a]));
    expect(stderr).toBe('a b C\n');
  });

  it('may end without reading its input', async () => {
    const { status } = await runProgram(NODE, ['-e', 'process.exit(0)'], Buffer.alloc(1_000_000));
    expect(status).toBe(0);
  });

  it('is asked for all that it has, untranslated', async () => {
    const script = 'console.log(process.env.LC_ALL, process.env.CRONTAB_NOHEADER)';
    const { stdout } = await runProgram(NODE, ['-e', script]);
    expect(String(stdout)).toBe('C N\n');
  });

  it.skipIf(process.platform === 'win32')('has failed if a signal ended it', async () => {
    const { status } = await runProgram(NODE, ['-e', 'process.kill(process.pid, "SIGKILL")']);
    expect(status).toBe(128);
  });

  it('may be missing', async () => {
    const running = runProgram('livinglock-has-no-such-program', []);
    await expect(running).rejects.toBeInstanceOf(ScheduleError);
    await expect(running).rejects.toMatchObject({
      reason: 'absent',
      message: expect.stringMatching(
        /^Cannot run livinglock-has-no-such-program: .*ENOENT.* Choose another with --for\.$/,
      ),
    });
  });

  it('is not missing if it cannot be started for another reason', async () => {
    const running = runProgram(NODE, ['x'.repeat(4_000_000)]);
    await expect(running).rejects.toMatchObject({
      reason: 'failed',
      message: expect.stringMatching(/^Cannot run .*: spawn (?:E2BIG|ENAMETOOLONG)\.$/),
    });
  });
});

describe('a program for which there are no descriptors left', () => {
  it('has no pipes, and is not missing either', async () => {
    const changes: object = {
      spawn() {
        const child = new EventEmitter();
        setImmediate(() => child.emit('error', systemError('EMFILE', 'spawn')));
        return child;
      },
    };
    replace(childProcess, changes);
    await expect(runProgram('crontab', ['-l'])).rejects.toMatchObject({
      reason: 'failed',
      message: expect.stringMatching(/^Cannot run crontab: EMFILE/),
    });
  });
});

describe('a program that must succeed', () => {
  const result = { status: 0, stdout: Buffer.from(' out\n'), stderr: '' };

  it('returns its output', async () => {
    const calls: unknown[] = [];
    const run = async (...call: readonly unknown[]) => {
      calls.push(call);
      return result;
    };
    const input = Buffer.from('x');
    expect(await expectSuccess(run, 'crontab', ['-'], input)).toBe(result.stdout);
    expect(calls).toEqual([['crontab', ['-'], input]]);
  });

  it('is reported if it fails', async () => {
    const failing = expectSuccess(async () => ({ ...result, status: 2 }), 'crontab', ['-l']);
    await expect(failing).rejects.toMatchObject({ reason: 'failed', message: 'crontab -l has failed: out' });
  });

  it.each([
    [{ ...result, stderr: ' wrong\n' }, 'wrong'],
    [{ ...result, stderr: '\n' }, 'out'],
    [{ status: 9, stdout: Buffer.from('\n'), stderr: '' }, 'it has exited with 9'],
  ])('has failed for the reason that it gives', (how, reason) => {
    expect(failure('crontab', ['-u', 'batch', '-l'], how).message).toBe(
      `crontab -u batch -l has failed: ${reason}`,
    );
  });
});
