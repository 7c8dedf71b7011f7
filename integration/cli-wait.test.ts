import { mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commandLine, descendantsOf } from '../support/machine.js';
import { poll } from '../support/running.js';
import { Desk, oneLineWith, PROGRAM } from './support/desk.js';
import { canHaveTerminal, startOnTerminal } from './support/terminal.js';

describe('wait', () => {
  test('returns at once if nobody holds the lock, or if it can be taken over', async () => {
    const desk = new Desk();
    await desk.dead('dead');
    await desk.stalled('stalled');

    for (const lock of ['free', 'dead', 'stalled']) {
      expect(await desk.run(['wait', lock])).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    }
  });

  test('returns when the lock is released', async () => {
    const desk = new Desk();
    const holder = await desk.live('backup');
    const waiting = desk.start(['wait', 'backup']);
    await anotherGivesUp(desk);
    expect(waiting.hasEnded).toBe(false);

    await holder.ask({ do: 'release', path: desk.path('backup') });

    expect(await waiting.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('gives up after the timeout, and names the holder', async () => {
    const desk = new Desk();
    const { pid } = await desk.live('backup');

    const { code, stderr } = await desk.run(['wait', 'backup', '--timeout', '200ms']);

    expect(stderr).toEqual(oneLineWith(`${desk.path('backup')} is held by PID ${pid} on `));
    expect(stderr).toMatch(/Waited for 200 ms\.\n$/);
    expect(code).toBe(75);
  });

  test('only looks once with a timeout of 0', async () => {
    const desk = new Desk();
    await desk.live('backup');

    expect(await desk.run(['wait', '--timeout', '0', 'backup'])).toMatchObject({
      code: 75,
      stderr: oneLineWith(/is held by .* ago\./),
    });
  });

  test.skipIf(!canHaveTerminal)('is ended by Ctrl-C, which a shell sees as 130', async () => {
    const desk = new Desk();
    await desk.live('backup');
    const waiting = startOnTerminal(desk, 'trap : INT; livinglock wait backup; echo "code $?"');
    // Before that, the shell receives the signal, and goes on waiting.
    await poll('Nobody waits', () => descendantsOf(waiting.pid).some(isWaiting));

    waiting.write('\u{3}');

    expect((await waiting.ended).stdout).toMatch(/^\^C(\r\n)?code 130\r\n$/);
  });

  test.each([
    { parameters: ['backup', '--timeout', 'soon'], code: 64, complaint: "'soon' is invalid" },
    { parameters: ['a', 'b'], code: 64, complaint: 'Name one lock' },
    { parameters: ['folder'], code: 73, complaint: 'EISDIR' },
  ])('refuses $parameters in one line', async ({ parameters, code, complaint }) => {
    const desk = new Desk();
    mkdirSync(desk.path('folder'));

    expect(await desk.run(['wait', ...parameters])).toMatchObject({ code, stderr: oneLineWith(complaint) });
  });
});

function isWaiting(pid: number): boolean {
  return commandLine(pid).join(' ').endsWith('wait backup') && commandLine(pid).includes(PROGRAM);
}

/** Resolves when a contender that came later has waited in vain. */
async function anotherGivesUp(desk: Desk): Promise<void> {
  expect(await desk.run(['wait', '--timeout', '300ms', 'backup'])).toMatchObject({ code: 75 });
}
