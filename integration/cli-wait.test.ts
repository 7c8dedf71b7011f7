import { mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ended, Home, oneLineWith, PROGRAM, poll } from './support/command.js';
import { commandLine, descendantsOf } from './support/machine.js';
import { canHaveTerminal, startOnTerminal } from './support/pty.js';

describe('wait', () => {
  test('returns at once when nobody holds the lock, or when it can be taken', async () => {
    const home = new Home();
    await home.dead('dead');
    await home.stalled('stalled');

    for (const lock of ['free', 'dead', 'stalled']) {
      expect(await home.run('wait', lock)).toEqual({ code: 0, signal: null, output: '', errors: '' });
    }
  });

  test('returns when the lock is released', async () => {
    const home = new Home();
    const holder = await home.live('backup');
    const waiting = home.start('wait', 'backup');
    const outcome = ended(waiting);
    await anotherGivesUp(home);
    expect(waiting.exitCode).toBeNull();

    await holder.ask({ do: 'release', path: home.lock('backup') });

    expect(await outcome).toMatchObject({ code: 0, errors: '' });
  });

  test('gives up when the time is over, and names the holder', async () => {
    const home = new Home();
    const { pid } = await home.live('backup');

    const { code, errors } = await home.run('wait', 'backup', '--timeout', '200ms');

    expect(errors).toEqual(oneLineWith(`${home.lock('backup')} is held by PID ${pid} on `));
    expect(errors).toMatch(/Waited for 200 ms\.\n$/);
    expect(code).toBe(75);
  });

  test('only looks with a timeout of 0', async () => {
    const home = new Home();
    await home.live('backup');

    expect(await home.run('wait', '--timeout', '0', 'backup')).toMatchObject({
      code: 75,
      errors: oneLineWith(/is held by .* ago\./),
    });
  });

  test.skipIf(!canHaveTerminal)('is ended by Ctrl-C, which a shell sees as 130', async () => {
    const home = new Home();
    await home.live('backup');
    const waiting = startOnTerminal(home, 'trap : INT; livinglock wait backup; echo "code $?"');
    const outcome = ended(waiting);
    // Before that it is the shell that gets the signal, and goes on to wait.
    await poll('Nobody waits', () => descendantsOf(waiting.pid).some(isWaiting));

    waiting.stdin?.write('\u{3}');

    expect((await outcome).output).toMatch(/^\^C(\r\n)?code 130\r\n$/);
  });

  test.each([
    { parameters: ['backup', '--timeout', 'soon'], code: 64, complaint: "'soon' is invalid" },
    { parameters: ['a', 'b'], code: 64, complaint: 'too many arguments' },
    { parameters: ['folder'], code: 73, complaint: 'EISDIR' },
  ])('refuses $parameters in one line', async ({ parameters, code, complaint }) => {
    const home = new Home();
    mkdirSync(home.lock('folder'));

    expect(await home.run('wait', ...parameters)).toMatchObject({ code, errors: oneLineWith(complaint) });
  });
});

function isWaiting(pid: number): boolean {
  return commandLine(pid).join(' ').endsWith('wait backup') && commandLine(pid).includes(PROGRAM);
}

/** Resolves when somebody has waited in vain, who has come later. */
async function anotherGivesUp(home: Home): Promise<void> {
  expect(await home.run('wait', '--timeout', '300ms', 'backup')).toMatchObject({ code: 75 });
}
