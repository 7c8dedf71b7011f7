import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Home, oneLineWith } from './support/command.js';

describe('break', () => {
  test('removes the lock of a dead holder, and says whose it was', async () => {
    const home = new Home();
    await home.dead('backup');

    const { code, output, errors } = await home.run('break', 'backup');

    expect(output).toMatch(
      /^Removed \/.*backup\.lock, which was held by PID \d+ on .* ago\. It was dead: its process does not exist any more\.\n$/,
    );
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(readdirSync(home.locks)).toEqual([]);
  });

  test('removes the lock of a stalled holder', async () => {
    const home = new Home();
    await home.stalled('backup');

    const { code, output } = await home.run('break', home.lock('backup'));

    expect(output).toMatch(/It was stalled: it has not given a heartbeat/);
    expect(code).toBe(0);
    expect(existsSync(home.lock('backup'))).toBe(false);
  });

  test('refuses the lock of a holder that is at work, and names it', async () => {
    const home = new Home();
    const { pid } = await home.live('backup');

    const { code, output, errors } = await home.run('break', 'backup');

    expect(errors).toEqual(oneLineWith(`${home.lock('backup')} is held by PID ${pid} on `));
    expect({ code, output }).toEqual({ code: 75, output: '' });
    expect(existsSync(home.lock('backup'))).toBe(true);
  });

  test('removes even that with --force, and the holder learns of it', async () => {
    const home = new Home();
    const holder = await home.live('backup');

    const { code, output } = await home.run('break', '--force', 'backup');

    expect(output).toMatch(/It was live: /);
    expect(code).toBe(0);
    expect(existsSync(home.lock('backup'))).toBe(false);
    expect(await holder.ask({ do: 'release', path: home.lock('backup') })).toMatchObject({
      outcome: 'refused',
      name: 'ErrLockLost',
    });
  });

  test('of a lock that nobody holds says so, and is well', async () => {
    const home = new Home();

    expect(await home.run('break', 'backup')).toMatchObject({
      code: 0,
      output: `Nobody holds ${home.lock('backup')}: there is nothing to remove.\n`,
    });
  });

  test.each([
    { parameters: [], code: 64, complaint: "missing required argument 'lock'" },
    { parameters: ['backup', 'import'], code: 64, complaint: 'too many arguments' },
    {
      parameters: ['backup', '--forse'],
      code: 64,
      complaint: "unknown option '--forse' (Did you mean --force?)",
    },
    { parameters: [''], code: 64, complaint: 'must not be empty' },
    { parameters: ['folder'], code: 73, complaint: 'EISDIR' },
  ])('refuses $parameters in one line', async ({ parameters, code, complaint }) => {
    const home = new Home();
    mkdirSync(home.lock('folder'));

    expect(await home.run('break', ...parameters)).toMatchObject({
      code,
      output: '',
      errors: oneLineWith(complaint),
    });
  });

  test('takes what stands behind -- for a name', async () => {
    const home = new Home();
    await home.dead('--force');

    expect(await home.run('break', '--', '--force')).toMatchObject({ code: 0 });
    expect(readdirSync(home.locks)).toEqual([]);
  });
});
