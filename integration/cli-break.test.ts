import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Desk, oneLineWith } from './support/desk.js';

describe('break', () => {
  test('removes the lock of a dead holder, and names the holder', async () => {
    const desk = new Desk();
    await desk.dead('backup');

    const { code, stdout, stderr } = await desk.run(['break', 'backup']);

    expect(stdout).toMatch(
      /^Removed \/.*backup\.lock, which was held by PID \d+ on .* ago\. It was dead: its process no longer exists\.\n$/,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readdirSync(desk.locks)).toEqual([basename(desk.history)]);
  });

  test('removes the lock of a stalled holder', async () => {
    const desk = new Desk();
    await desk.stalled('backup');

    const { code, stdout } = await desk.run(['break', desk.path('backup')]);

    expect(stdout).toMatch(/It was stalled: it has sent no heartbeat/);
    expect(code).toBe(0);
    expect(existsSync(desk.path('backup'))).toBe(false);
  });

  test('refuses the lock of a holder that is at work, and names it', async () => {
    const desk = new Desk();
    const { pid } = await desk.live('backup');

    const { code, stdout, stderr } = await desk.run(['break', 'backup']);

    expect(stderr).toEqual(oneLineWith(`${desk.path('backup')} is held by PID ${pid} on `));
    expect({ code, stdout }).toEqual({ code: 75, stdout: '' });
    expect(existsSync(desk.path('backup'))).toBe(true);
  });

  test('removes even such a lock with --force, and the holder finds out', async () => {
    const desk = new Desk();
    const holder = await desk.live('backup');

    const { code, stdout } = await desk.run(['break', '--force', 'backup']);

    expect(stdout).toMatch(/It was live: /);
    expect(code).toBe(0);
    expect(existsSync(desk.path('backup'))).toBe(false);
    expect(await holder.ask({ do: 'release', path: desk.path('backup') })).toMatchObject({
      outcome: 'refused',
      name: 'ErrLockLost',
    });
  });

  test('succeeds for a lock that nobody holds, and says so', async () => {
    const desk = new Desk();

    expect(await desk.run(['break', 'backup'])).toMatchObject({
      code: 0,
      stdout: `Nobody holds ${desk.path('backup')}: there is nothing to remove.\n`,
    });
  });

  test.each([
    { parameters: [], code: 64, complaint: "missing required argument 'lock'. See livinglock break --help." },
    { parameters: ['backup', 'import'], code: 64, complaint: 'Name one lock' },
    {
      parameters: ['backup', '--forse'],
      code: 64,
      complaint: "unknown option '--forse' (Did you mean --force?)",
    },
    { parameters: [''], code: 64, complaint: 'must not be empty' },
    { parameters: ['folder'], code: 73, complaint: 'EISDIR' },
  ])('refuses $parameters in one line', async ({ parameters, code, complaint }) => {
    const desk = new Desk();
    mkdirSync(desk.path('folder'));

    expect(await desk.run(['break', ...parameters])).toMatchObject({
      code,
      stdout: '',
      stderr: oneLineWith(complaint),
    });
  });

  test('takes the word after -- for a name', async () => {
    const desk = new Desk();
    await desk.dead('--force');

    expect(await desk.run(['break', '--', '--force'])).toMatchObject({ code: 0 });
    expect(readdirSync(desk.locks)).toEqual([basename(desk.history)]);
  });
});
