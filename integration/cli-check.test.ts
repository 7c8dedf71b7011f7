import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isPosix } from '../support/machine.js';
import { Desk } from './support/desk.js';

// `livinglock check`: what a monitoring system gets to see.

async function check(desk: Desk, ...args: readonly string[]) {
  const { code, stdout, stderr } = await desk.run(['check', ...args]);
  expect(stdout).toMatch(/^(?:OK|WARNING|CRITICAL|UNKNOWN): [^\n]+\n$/);
  expect(stderr).toBe('');
  const [text, data = ''] = stdout.trimEnd().split(' | ');
  return { code, text, data };
}

describe.skipIf(!isPosix)('check', () => {
  test('is content with a job that succeeded', async () => {
    const desk = new Desk();
    await desk.run(['run', 'backup', '--', 'true']);
    const { code, text, data } = await check(desk, '--max-age', '26h', '--max-skips', '10,20', 'backup');
    expect({ code, text }).toEqual({ code: 0, text: 'OK: backup' });
    expect(data).toMatch(/^'backup age'=\d+s;;93600;0 'backup runtime'=0s;;;0 'backup skips'=0;10;20;0$/);
  });

  test('names what failed, and lets that be a warning', async () => {
    const desk = new Desk();
    await desk.run(['run', 'backup', '--', 'true']);
    await desk.run(['run', 'import', '--', 'sh', '-c', 'exit 4']);
    const failed = expect.stringMatching(
      /: import: the last run \((?:\w+ )?\d\d:\d\d\) failed with exit status 4$/,
    );
    expect(await check(desk)).toMatchObject({ code: 2, text: failed });
    expect(await check(desk, '--on-failure', 'warning')).toMatchObject({ code: 1, text: failed });
    expect(await check(desk, '--on-failure', 'ok')).toMatchObject({ code: 0, text: 'OK: 2 locks' });
  });

  test('says who holds a lock whose runs are skipped', async () => {
    const desk = new Desk();
    const { pid } = await desk.live('job');
    for (let run = 0; run < 3; run++) await desk.run(['run', 'job', '--', 'true']);
    expect(await check(desk, '--max-skips', '3')).toMatchObject({ code: 0, text: 'OK: job, at work' });
    const { code, text } = await check(desk, '--max-skips', '2');
    expect(code).toBe(2);
    expect(text).toMatch(
      new RegExp(`^CRITICAL: job: skipped 3 times in a row: PID ${pid} has held it since [^,;]*\\d$`),
    );
  });

  test('notices what is stalled, dead, or no lock, and what takes too long', async () => {
    const desk = new Desk();
    const { pid } = await desk.stalled('a');
    await desk.dead('b');
    writeFileSync(desk.path('c'), 'name,price\n');
    await desk.live('d');
    const { code, text } = await check(desk, '--max-runtime', '1ms');
    expect(code).toBe(2);
    expect(text).toMatch(new RegExp(`a: stalled: PID ${pid} has sent no heartbeat for \\d+ seconds?`));
    expect(text).toMatch(/; b: dead since (?:\w+ )?\d\d:\d\d: /);
    expect(text).toMatch(/; c: not a lock: /);
    expect(text).toMatch(/; d: at work for \d+ seconds?: PID \d+$/);
  });

  test('knows nothing of a job that has never run, and of no jobs at all', async () => {
    const desk = new Desk();
    expect(await check(desk, 'bakcup', '--max-age', '26h')).toMatchObject({
      code: 3,
      text: 'UNKNOWN: bakcup: no run has been recorded for this user',
    });
    expect(await check(desk)).toMatchObject({
      code: 3,
      text: `UNKNOWN: no locks in ${desk.locks}, and no history`,
    });
  });

  test('knows nothing if it cannot read the history, and says why', async () => {
    const desk = new Desk();
    await desk.run(['run', 'backup', '--', 'true']);
    const { code, stdout } = await desk.run(['check', 'backup'], { LIVINGLOCK_HISTORY: '/dev/null' });
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^UNKNOWN: backup: Cannot use the history of .* in \/dev\/null\/.*: .* \| 'backup runtime'=/,
    );
  });

  test.each([
    [['--max-age', 'soon'], "UNKNOWN: option '--max-age <limit>' argument 'soon' is invalid."],
    [['--max-ages', '1h'], "UNKNOWN: unknown option '--max-ages' (Did you mean --max-age?)"],
    [['--store', 'sqlite:/nowhere/locks.db'], 'UNKNOWN: '],
    [[''], 'UNKNOWN: The name of a lock must not be empty.'],
  ])('does not exit with 64 or 73, which a monitoring system would misread: %o', async (args, text) => {
    expect(await check(new Desk(), ...args)).toMatchObject({ code: 3, text: expect.stringContaining(text) });
  });

  test('checks locks in a database', async () => {
    const desk = new Desk();
    const store = ['--store', `sqlite:${desk.folder}/locks.db`];
    mkdirSync(`${desk.folder}/history`);
    const env = { LIVINGLOCK_HISTORY: `${desk.folder}/history` };
    await desk.run(['run', ...store, 'import', '--', 'false'], env);
    await desk.run(['run', 'backup', '--', 'true'], env);
    const { code, stdout } = await desk.run(['check', ...store], env);
    expect(code).toBe(2);
    expect(stdout).toMatch(
      /^CRITICAL: import: the last run \(.*\) failed with exit status 1 \| 'import age'=/,
    );
    expect(stdout).not.toContain('backup');
  });

  test.skipIf(!existsSync('/dev/full'))('exits as ever if what it prints cannot be written', async () => {
    const desk = new Desk();
    await desk.run(['run', 'job', '--', 'false']);
    const { stdout } = await desk.bash(
      [
        'livinglock check job > /dev/full; echo $?',
        'livinglock check --on-failure warning job > /dev/full; echo $?',
        'livinglock check --wrong > /dev/full; echo $?',
        'livinglock check job >&-; echo $?',
        // Opened for reading, too, so that it opens, and then read by nobody.
        'mkfifo pipe; exec 3<>pipe 4>pipe 3>&-; livinglock check job >&4; echo $?',
      ].join('; '),
    );
    expect(stdout.split('\n')).toEqual(['2', '1', '3', '2', '2', '']);
  });

  test('--help is for people', async () => {
    expect(await new Desk().run(['check', '--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--max-runtime <limit>'),
    });
  });
});
