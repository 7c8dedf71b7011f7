import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ended, Home } from './support/command.js';

describe.skipIf(!isInstalled('bash'))('in bash, livinglock completes', () => {
  test('its commands', async () => {
    expect(await inBash(new Home(), ['livinglock', 'st'])).toEqual(['status']);
    expect(await inBash(new Home(), ['livinglock', ''])).toEqual(
      expect.arrayContaining(['run', 'beat', 'status', 'break', 'wait', 'verify', 'completion', 'help']),
    );
  });

  test('the options of each, and their values', async () => {
    const home = new Home();

    expect(await inBash(home, ['livinglock', 'status', '--'])).toEqual([
      '--json',
      '--watch',
      '--store',
      '--help',
    ]);
    expect(await inBash(home, ['livinglock', 'run', '--on-stall', ''])).toEqual(['end', 'warn']);
    // So bash hands on --on-stall=w.
    expect(await inBash(home, ['livinglock', 'run', '--on-stall', '=', 'w'])).toEqual(['warn']);
    expect(await inBash(home, ['livinglock', 'run', '--heartbeat', 'f'])).toEqual(['file:']);
    expect(await inBash(home, ['livinglock', 'run', '--timeout', ''])).toEqual([]);
    expect(await inBash(home, ['livinglock', 'completion', ''])).toEqual(['bash', 'zsh', 'fish']);
    expect(await inBash(home, ['livinglock', 'help', 'exit'])).toEqual(['exit-codes']);
  });

  test('the names of locks, whatever is in them', async () => {
    const home = new Home();
    for (const name of ['backup', 'バックアップ', 'a lock *', '$(touch evil)'])
      writeFileSync(home.lock(name), '');

    expect(await inBash(home, ['livinglock', 'break', 'b'])).toEqual(['backup']);
    expect(await inBash(home, ['livinglock', 'status', '--json', 'backup', 'バ'])).toEqual(['バックアップ']);
    expect(await inBash(home, ['livinglock', 'wait', 'a'])).toEqual(['a\\ lock\\ \\*']);
    expect(await inBash(home, ['livinglock', 'run', '$'])).toEqual(['\\$\\(touch\\ evil\\)']);
    expect(await inBash(home, ['livinglock', 'break', 'backup', ''])).toEqual([]);
  });

  test('paths of locks, and folders', async () => {
    const home = new Home();
    mkdirSync(join(home.folder, 'a folder'));
    writeFileSync(join(home.folder, 'a file'), '');
    writeFileSync(join(home.folder, 'job.log'), '');

    expect(await inBash(home, ['livinglock', 'status', './a'])).toEqual(['./a file', './a folder']);
    expect(await inBash(home, ['livinglock', 'verify', 'a'])).toEqual(['a folder']);
    // So bash breaks file:j up.
    expect(await inBash(home, ['livinglock', 'run', '--heartbeat', 'file', ':', 'j'])).toEqual(['job.log']);
  });

  test('the command to run, and its files', async () => {
    const home = new Home();
    writeFileSync(join(home.folder, 'table.sql'), '');

    expect(await inBash(home, ['livinglock', 'run', 'backup', ''])).toEqual(['--']);
    expect(await inBash(home, ['livinglock', 'run', 'backup', '--', 'unam'])).toContain('uname');
    expect(await inBash(home, ['livinglock', 'run', 'backup', '--', 'cat', 'tab'])).toEqual(['table.sql']);
  });

  test('nothing where it knows nothing', async () => {
    expect(await inBash(new Home(), ['livinglock', 'nonsense', ''])).toEqual([]);
  });
});

describe('in zsh and fish', () => {
  test.skipIf(!isInstalled('zsh'))('the script is correct (if zsh is installed)', async () => {
    const { code, errors } = await new Home().bash('livinglock completion zsh > it && zsh -n it');

    expect({ code, errors }).toEqual({ code: 0, errors: '' });
  });

  test.skipIf(!isInstalled('fish'))(
    'livinglock completes its commands and locks (if fish is installed)',
    async () => {
      const home = new Home();
      writeFileSync(home.lock('backup'), '');
      const inFish = (line: string) =>
        home.bash(`fish --no-config -c 'livinglock completion fish | source; complete -C "${line}"'`);

      expect((await inFish('livinglock sta')).output).toMatch(/^status\t/);
      expect((await inFish('livinglock break ba')).output).toBe('backup\n');
      expect((await inFish('livinglock run --on-stall=w')).output).toBe('--on-stall=warn\n');
    },
  );
});

/** What bash would offer for the last of the words. */
async function inBash(home: Home, words: readonly string[]): Promise<string[]> {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is bash that expands these.
  const lines = [
    'source <(livinglock completion bash)',
    // It works only where bash itself asks for a completion.
    'compopt() { :; }',
    'COMP_WORDS=("$@")',
    'COMP_CWORD=$(($# - 1))',
    '_livinglock',
    'for index in "${!COMPREPLY[@]}"; do printf "%s\\n" "${COMPREPLY[index]}"; done',
  ];
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above.
  const parameters = ['-c', lines.join('\n'), 'bash', ...words];
  const { code, output, errors } = await ended(home.startProgram('bash', parameters));
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return output.split('\n').slice(0, -1);
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ['--version'], { stdio: 'ignore' }).status === 0;
}
