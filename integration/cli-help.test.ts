import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Desk, oneLineWith } from './support/desk.js';

const COMMANDS = ['run', 'beat', 'status', 'check', 'metrics', 'break', 'wait', 'verify', 'completion'];

describe('livinglock', () => {
  test('without arguments prints help to stderr, and exits with 64', async () => {
    const { code, stdout, stderr } = await new Desk().run([]);

    expect(stderr).toMatch(/^Usage: livinglock /);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
  });

  test('--help names all commands', async () => {
    const { code, stdout, stderr } = await new Desk().run(['--help']);

    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(stdout).not.toContain('complete-words');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each(COMMANDS)('%s --help has examples, and `help` says the same', async (command) => {
    const desk = new Desk();

    const asked = await desk.run([command, '--help']);

    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(asked.stdout).toMatch(new RegExp(`^Usage: livinglock ${command} [\\s\\S]*\nExamples:\n {2}`));
    expect(await desk.run(['help', command])).toEqual(asked);
  });

  test('--version prints the version', async () => {
    const { version }: { version: string } = JSON.parse(
      readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
    );

    expect(await new Desk().run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test('help exit-codes explains every exit code', async () => {
    const { code, stdout } = await new Desk().run(['help', 'exit-codes']);

    const codes = stdout.match(/^ {2}\S+/gm)?.map((found) => found.trim());
    expect(codes).toEqual([
      '0',
      '1',
      '2',
      '3',
      '64',
      '66',
      '70',
      '73',
      '74',
      '75',
      '76',
      '124',
      '126',
      '127',
      '128+n',
    ]);
    expect(code).toBe(0);
  });

  test.each([
    {
      parameters: ['help', 'nonsense'],
      complaint: 'There is no help on nonsense. The topics are run, beat, status',
    },
    {
      parameters: ['frobnicate'],
      complaint: "unknown command 'frobnicate'. For a list, run livinglock --help",
    },
    {
      parameters: ['run', '-k', 'x'],
      complaint: "unknown option '-k'. For a list, run livinglock run --help",
    },
    {
      parameters: ['run', '-n', 'x', '--', 'true'],
      complaint: "unknown option '-n'. It is not needed: if the lock is held, livinglock exits at once",
    },
    { parameters: ['staus'], complaint: "unknown command 'staus' (Did you mean status?)" },
    { parameters: ['--verison'], complaint: "unknown option '--verison' (Did you mean --version?)" },
    { parameters: ['status', '--jsn'], complaint: "unknown option '--jsn' (Did you mean --json?)" },
    { parameters: ['completion', 'csh'], complaint: 'Allowed choices are bash, zsh, fish.' },
  ])('refuses $parameters in one line', async ({ parameters, complaint }) => {
    expect(await new Desk().run(parameters)).toMatchObject({
      code: 64,
      stdout: '',
      stderr: oneLineWith(complaint),
    });
  });

  test('fails when its output cannot be written', async ({ skip }) => {
    if (process.platform !== 'linux') return skip('There is no /dev/full.');
    const { code, stderr } = await new Desk().bash('livinglock completion bash > /dev/full');

    expect(stderr).toEqual(oneLineWith('ENOSPC'));
    expect(code).toBe(74);
  });
});

describe('the manual page', () => {
  test('is up to date', () => {
    const script = fileURLToPath(new URL('../scripts/man.js', import.meta.url));

    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });

    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  const page = fileURLToPath(new URL('../man/livinglock.1', import.meta.url));
  const readers = [
    ['man', '-l', '--warnings', page],
    ['groff', '-man', '-ww', '-Tutf8', page],
    ['mandoc', '-T', 'lint', '-W', 'warning', page],
  ];

  test.each(readers)('is understood by %s, if it is installed', (program, ...parameters) => {
    const { error, status, stderr, stdout } = spawnSync(program ?? '', parameters, { encoding: 'utf8' });
    if (error !== undefined) return;

    expect(stderr).toBe('');
    expect(status).toBe(0);
    if (program === 'man') expect(stdout).toMatch(/EXIT STATUS[\s\S]*128\+n/);
  });
});
