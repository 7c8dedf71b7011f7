import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isLinux, isPosix } from '../support/machine.js';
import type { Running } from '../support/running.js';
import { Desk, oneLineWith, PROGRAM } from './support/desk.js';

// What the system may refuse, with each subcommand: the answer is one line that says what to do, and never "a bug in livinglock".

/** The arguments for a lock, or a folder, at a path. */
const SUBCOMMANDS: readonly (readonly [string, (path: string) => readonly string[]])[] = [
  ['run', (path) => ['run', path, '--', 'true']],
  ['run --store', (path) => ['run', '--store', `sqlite:${path}`, 'job', '--', 'true']],
  ['status', (path) => ['status', path]],
  ['break', (path) => ['break', path]],
  ['wait', (path) => ['wait', path]],
  ['verify', (path) => ['verify', path]],
  [
    'schedule',
    (path) => [
      'schedule',
      '--every',
      '1h',
      '--name',
      'job',
      '--directory',
      path,
      '--for',
      'cron',
      '--',
      'true',
    ],
  ],
];

/** Subcommands whose path is that of a lock file. */
const LOCKS = SUBCOMMANDS.filter(([name]) => ['run', 'status', 'break', 'wait'].includes(name));

describe.skipIf(!isPosix)('in a folder that was deleted', () => {
  test.each(SUBCOMMANDS)('%s says so', async (_, args) => {
    const desk = new Desk();
    const gone = join(desk.folder, 'gone');
    mkdirSync(gone);
    const line = `cd '${gone}' && rmdir '${gone}' && exec ${process.execPath} ${PROGRAM} ${args('./x').join(' ')}`;
    const { code, stderr } = await desk.bash(line);
    expect({ code, stderr }).toEqual({
      code: 73,
      stderr: oneLineWith('The folder in which livinglock was started no longer exists. Change to'),
    });
  });

  test('a lock given by name, or by a path that begins with a slash, works as usual', async () => {
    const desk = new Desk();
    for (const lock of ['job', join(desk.folder, 'other.lock')]) {
      const gone = join(desk.folder, 'gone');
      mkdirSync(gone);
      const { code } = await desk.bash(
        `cd '${gone}' && rmdir '${gone}' && exec livinglock run '${lock}' -- true`,
      );
      expect(code).toBe(0);
    }
  });
});

describe.skipIf(!isPosix)('a name that is too long', () => {
  test.each(LOCKS)('makes %s say how long it may be', async (_, args) => {
    const { code, stderr } = await new Desk().run(args('n'.repeat(251)));
    expect({ code, stderr }).toEqual({ code: 73, stderr: oneLineWith('may have up to 206 bytes') });
    // The name appears once, and not a second time after the system's words.
    expect(stderr).toMatch(/n\.lock: ENAMETOOLONG: name too long\. Choose/);
  });

  test('is not a name of exactly the stated length', async () => {
    const desk = new Desk();
    expect(await desk.run(['run', 'n'.repeat(201), '--', 'true'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('of a folder to verify exits with 66', async () => {
    const { code, stderr } = await new Desk().run(['verify', 'n'.repeat(300)]);
    expect({ code, stderr }).toEqual({ code: 66, stderr: oneLineWith("a folder's name 255") });
  });
});

describe.skipIf(!isPosix)('a path on which there is', () => {
  test.each(SUBCOMMANDS)('a file is refused by %s', async (name, args) => {
    const desk = new Desk();
    writeFileSync(join(desk.folder, 'file'), '');
    const { code, stderr } = await desk.run(args('./file/x'));
    expect([66, 73]).toContain(code);
    expect(stderr).toEqual(oneLineWith(`${desk.folder}/file/x`));
    if (LOCKS.some(([each]) => each === name)) expect(stderr).toContain('is a file, not a folder');
  });

  test.each(SUBCOMMANDS)('a circle of symbolic links is refused by %s', async (name, args) => {
    const desk = new Desk();
    symlinkSync('two', join(desk.folder, 'one'));
    symlinkSync('one', join(desk.folder, 'two'));
    const { code, stderr } = await desk.run(args('./one/x'));
    expect([66, 73]).toContain(code);
    expect(stderr).toEqual(oneLineWith(`${desk.folder}/one/x`));
    if (LOCKS.some(([each]) => each === name)) expect(stderr).toContain('Choose a path without such a link.');
  });

  test('a circle as a proof file is reported, but not fatal', async () => {
    const desk = new Desk();
    symlinkSync('log', join(desk.folder, 'log'));
    const args = ['run', '--heartbeat', 'file:log', '--heartbeat-interval', '40ms', 'job', '--'];
    const run = desk.start([...args, 'sh', '-c', 'read -r line; exit 3']);
    await run.says(/job: Cannot see whether log changes: ELOOP/);
    run.write('\n');
    expect(await run.ended).toMatchObject({ code: 3 });
  });
});

test.skipIf(!isPosix)('a lack of file descriptors is not reported as a bug', async () => {
  const desk = new Desk();
  // Node itself needs about twenty, depending on its version. Below that it is Node that ends.
  for (let limit = 19; limit < 30; limit++) {
    for (const args of ['run job -- true', 'schedule --every 1h --name job --for cron --uninstall -- true']) {
      const { stderr } = await desk.bash(`ulimit -n ${limit}; exec livinglock ${args}`);
      expect(stderr).not.toMatch(/bug in livinglock|Cannot read properties/);
    }
  }
});

describe.skipIf(!isLinux)('a limit on the size of files', () => {
  /** Of 1024 bytes, for livinglock and its command. */
  function limited(desk: Desk, args: readonly string[]): Running {
    return desk.startProgram('bash', ['-c', 'ulimit -f 1; exec livinglock "$@"', 'bash', ...args]);
  }

  test('that a heartbeat reaches leaves the lock as it was, and held', async () => {
    const desk = new Desk();
    const note = 'x'.repeat(256);
    const args = ['run', '--no-history', '--label', 'y'.repeat(200), '--heartbeat', 'manual'];
    const script = `"$LIVINGLOCK" beat --note ${note}; echo "beat $?"; read -r line; exit 3`;
    const run = limited(desk, [...args, '--stale-timeout', '10m', 'job', '--', 'sh', '-c', script]);
    await run.prints(/beat 73/);
    expect(run.stderr).toMatch(/EFBIG: only a part of the file could be written\. Raise the limit/);
    expect(await desk.run(['run', 'job', '--', 'echo', 'second'])).toMatchObject({ code: 75, stdout: '' });
    run.write('\n');
    expect(await run.ended).toMatchObject({ code: 3 });
  });

  test('that the runner reaches does not end the command', async () => {
    const desk = new Desk();
    const args = ['run', '--no-history', '--label', 'y'.repeat(256), 'job', '--'];
    const run = limited(desk, [...args, 'sh', '-c', 'read -r line; exit 3']);
    await run.says(/EFBIG/);
    run.write('\n');
    expect(await run.ended).toMatchObject({ code: 3 });
  });
});

test.skipIf(!isPosix)('closed streams are not reported as a bug, and change no exit code', async () => {
  const desk = new Desk();
  for (const closed of ['>&-', '2>&-', '<&- >&- 2>&-']) {
    const run = (args: string) => desk.bash(`exec livinglock ${args} ${closed}`);
    expect(await run('run job -- sh -c "exit 3"')).toMatchObject({ code: 3, stderr: '' });
    expect(await run('status job')).toMatchObject({ code: 1, stderr: '' });
    expect(await run('break job')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('wait job')).toMatchObject({ code: 0, stderr: '' });
  }
});

test('what waits for something that never comes has not succeeded', async () => {
  const desk = new Desk();
  const module = join(desk.folder, 'never-written.cjs');
  writeFileSync(module, 'process.stdout.write = () => true;\n');
  const { code, stderr } = await desk.run(['--version'], { NODE_OPTIONS: `--require ${module}` });
  expect({ code, stderr }).toEqual({ code: 70, stderr: oneLineWith('This is a bug in livinglock') });
});
