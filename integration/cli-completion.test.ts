import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Desk } from './support/desk.js';

describe.skipIf(!isInstalled('bash'))('in bash, livinglock completes', () => {
  test('its commands', async () => {
    expect(await inBash(new Desk(), ['livinglock', 'st'])).toEqual(['status']);
    expect(await inBash(new Desk(), ['livinglock', ''])).toEqual(
      expect.arrayContaining(['run', 'beat', 'status', 'break', 'wait', 'verify', 'completion', 'help']),
    );
  });

  test('the options of each command, and their values', async () => {
    const desk = new Desk();

    expect(await inBash(desk, ['livinglock', 'status', '--'])).toEqual([
      '--json',
      '--watch',
      '--store',
      '--help',
    ]);
    expect(await inBash(desk, ['livinglock', 'run', '--on-stall', ''])).toEqual(['end', 'warn']);
    // bash passes --on-stall=w as three words.
    expect(await inBash(desk, ['livinglock', 'run', '--on-stall', '=', 'w'])).toEqual(['warn']);
    expect(await inBash(desk, ['livinglock', 'run', '--heartbeat', 'f'])).toEqual(['file:']);
    expect(await inBash(desk, ['livinglock', 'run', '--timeout', ''])).toEqual([]);
    expect(await inBash(desk, ['livinglock', 'completion', ''])).toEqual(['bash', 'zsh', 'fish']);
    expect(await inBash(desk, ['livinglock', 'help', 'exit'])).toEqual(['exit-codes']);
  });

  test('the names of locks, whatever characters they contain', async () => {
    const desk = new Desk();
    for (const name of ['backup', 'バックアップ', 'a lock *', '$(touch evil)'])
      writeFileSync(desk.path(name), '');

    expect(await inBash(desk, ['livinglock', 'break', 'b'])).toEqual(['backup']);
    expect(await inBash(desk, ['livinglock', 'status', '--json', 'backup', 'バ'])).toEqual(['バックアップ']);
    expect(await inBash(desk, ['livinglock', 'wait', 'a'])).toEqual(['a\\ lock\\ \\*']);
    expect(await inBash(desk, ['livinglock', 'run', '$'])).toEqual(['\\$\\(touch\\ evil\\)']);
    expect(await inBash(desk, ['livinglock', 'break', 'backup', ''])).toEqual([]);
  });

  test('the names of jobs that have ended', async () => {
    const desk = new Desk();
    await desk.run(['run', 'backup', '--', 'true']);
    expect(await inBash(desk, ['livinglock', 'logs', 'b'])).toEqual(['backup']);
  });

  test('paths of locks, and folders', async () => {
    const desk = new Desk();
    mkdirSync(join(desk.folder, 'a folder'));
    writeFileSync(join(desk.folder, 'a file'), '');
    writeFileSync(join(desk.folder, 'job.log'), '');

    expect(await inBash(desk, ['livinglock', 'status', './a'])).toEqual(['./a file', './a folder']);
    expect(await inBash(desk, ['livinglock', 'verify', 'a'])).toEqual(['a folder']);
    // bash splits file:j in the same way.
    expect(await inBash(desk, ['livinglock', 'run', '--heartbeat', 'file', ':', 'j'])).toEqual(['job.log']);
  });

  test('the command to run, and its files', async () => {
    const desk = new Desk();
    writeFileSync(join(desk.folder, 'table.sql'), '');

    expect(await inBash(desk, ['livinglock', 'run', 'backup', ''])).toEqual(['--']);
    expect(await inBash(desk, ['livinglock', 'run', 'backup', '--', 'unam'])).toContain('uname');
    expect(await inBash(desk, ['livinglock', 'run', 'backup', '--', 'cat', 'tab'])).toEqual(['table.sql']);
  });

  test('nothing if there are no candidates', async () => {
    expect(await inBash(new Desk(), ['livinglock', 'nonsense', ''])).toEqual([]);
  });
});

describe('in zsh and fish', () => {
  test.skipIf(!isInstalled('zsh'))('the script is correct (if zsh is installed)', async () => {
    const { code, stderr } = await new Desk().bash('livinglock completion zsh > it && zsh -n it');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.skipIf(!isInstalled('fish'))(
    'livinglock completes its commands and locks (if fish is installed)',
    async () => {
      const desk = new Desk();
      writeFileSync(desk.path('backup'), '');
      const inFish = (line: string) =>
        desk.bash(`fish --no-config -c 'livinglock completion fish | source; complete -C "${line}"'`);

      expect((await inFish('livinglock sta')).stdout).toMatch(/^status\t/);
      expect((await inFish('livinglock break ba')).stdout).toBe('backup\n');
      expect((await inFish('livinglock run --on-stall=w')).stdout).toBe('--on-stall=warn\n');
    },
  );
});

/** The candidates that bash would offer for the last word. */
async function inBash(desk: Desk, words: readonly string[]): Promise<string[]> {
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
  const { code, stdout, stderr } = await desk.startProgram('bash', parameters).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').slice(0, -1);
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ['--version'], { stdio: 'ignore' }).status === 0;
}
