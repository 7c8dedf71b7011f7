import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canBeNobody, isPosix, NOBODY } from '../support/machine.js';
import { has } from '../support/running.js';
import { Desk, oneLineWith, PROGRAM } from './support/desk.js';
import { canHaveTerminal, startOnTerminal } from './support/terminal.js';

// The messages of `livinglock run`: in a log that many jobs share, on a terminal, and for common mistakes.

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d`;
const SHORTLY = ['--stale-timeout', '200ms'];

describe.skipIf(!isPosix)('a message of a run', () => {
  test('starts with the time and the job if stderr is a log', async () => {
    const { stderr } = await new Desk().run(['run', '--timeout', '100ms', 'import', '--', 'sleep', '1000']);
    expect(stderr).toMatch(
      new RegExp(`^${TIME} livinglock: import: The command has reached its time limit of 100 ms`),
    );
  });

  test('starts with the label instead, if there is one', async () => {
    const args = ['run', '--label', 'nightly import', 'import', '--', 'no-such-program'];
    const { stderr } = await new Desk().run(args);
    expect(stderr).toMatch(
      new RegExp(`^${TIME} livinglock: nightly import: There is no command no-such-program`),
    );
  });

  test('names the lock once', async () => {
    const desk = new Desk();
    const { pid } = await desk.live('import');
    const { stderr } = await desk.run(['run', 'import', '--', 'true']);
    expect(stderr).toMatch(new RegExp(`^${TIME} livinglock: ${desk.path('import')} is held by PID ${pid} `));
  });

  test.skipIf(!canHaveTerminal)('starts with only the job on a terminal', async () => {
    const { stdout } = await startOnTerminal(new Desk(), 'livinglock run import -- no-such-program; true')
      .ended;
    expect(stdout).toMatch(/^livinglock: import: There is no command no-such-program/);
  });

  test('about wrong options has neither', async () => {
    const { stderr } = await new Desk().run(['run', 'import', 'true']);
    expect(stderr).toMatch(/^livinglock: Put -- between the lock and the command/);
  });

  test.each([
    [['run', '--log', '/tmp/x', 'import', '--', 'true'], 'The path of --log needs an equals sign'],
    [
      ['run', '--stale-timeout', '15', 'm', 'etl', '--', 'true'],
      'Write the unit without a space: --stale-timeout 15m.',
    ],
    [['wait', '--timeout', '5', 'min', 'etl'], 'Write the unit without a space: --timeout 5min.'],
    [['schedule', '--every', '2', 'm', '--name', 'x', '--', 'true'], 'without a space: --every 2m.'],
    [['run', '--label', '--log', 'import', '--', 'true'], 'If --log is meant, write --label=--log'],
    [
      ['run', 'import', '--', 'FOO=1', 'env'],
      'What only a shell understands (cd, ulimit, VAR=value) needs -c LINE',
    ],
    [['schedule', '--every', '2m', '--name', 'x', 'echo', 'hi'], 'Put the name after --name, and -- before'],
    [['beat', 'import'], '`livinglock beat` takes no argument'],
    [['history', '--html', ''], 'Name a file'],
    [['history', '--html', '--since', '7d'], 'If --since is meant, write --html=--since'],
  ])('about %j says what to write', async (args, message) => {
    const desk = new Desk();
    expect(await desk.run(args)).toMatchObject({ stdout: '', stderr: oneLineWith(message) });
    expect(readdirSync(desk.folder)).not.toContain('--since');
  });

  test('about a missing command says how to write it', async () => {
    const { code, stderr } = await new Desk().run(['run', 'import']);
    expect({ code, stderr }).toEqual({
      code: 64,
      stderr: oneLineWith('There is nothing to run. Write: livinglock run LOCK -- COMMAND'),
    });
  });
});

describe.skipIf(!isPosix)('a stale timeout whose heartbeat never stops', () => {
  const warned = oneLineWith('as long as it exists, it counts as working. Add --heartbeat output');

  test.each([[], ['--store', 'sqlite:locks.db']])('causes a warning with %j', async (...store) => {
    const args = ['run', ...store, '--stale-timeout', '15m', 'import', '--', 'true'];
    expect(await new Desk().run(args)).toMatchObject({ code: 0, stderr: warned });
  });

  test.each([['-q'], ['--heartbeat=alive'], ['--heartbeat=output']])('is fine with %s', async (option) => {
    const args = ['run', option, '--stale-timeout', '15m', 'import', '--', 'true'];
    expect(await new Desk().run(args)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe.skipIf(!isPosix)('a command that stalls', () => {
  test('may only buffer its output', async () => {
    const args = ['run', '--heartbeat', 'output', ...SHORTLY, 'import', '--', 'sleep', '1000'];
    const { code, stderr } = await new Desk().run(args);
    expect(code).toBe(124);
    expect(stderr).toEqual(oneLineWith('A program that buffers its output looks the same: `python -u`'));
  });

  test('gets no such hint if its proof is a file', async () => {
    const args = ['run', '--heartbeat', 'file:log', ...SHORTLY, 'import', '--', 'sleep', '1000'];
    const { stderr } = await new Desk().run(args);
    expect(stderr).toContain('log has not changed');
    expect(stderr).not.toContain('buffers');
  });
});

describe.skipIf(!isPosix)('a line for the shell', () => {
  test('is run with -c, and shown as it is', async () => {
    const desk = new Desk();
    const line = `echo "a b" | tr a-z A-Z; cat "$LIVINGLOCK_PATH"; exit 3`;
    for (const args of [
      ['job', '-c', line],
      [`--command=${line}`, 'job'],
    ]) {
      const { code, stdout, stderr } = await desk.run(['run', ...args]);
      expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
      const [words = '', record = ''] = stdout.split('\n');
      expect(words).toBe('A B');
      expect(JSON.parse(record)).toMatchObject({ command: line });
    }
  });

  test.each([
    { args: ['-c', 'echo', 'job', '--', 'true'], says: 'either with -c or after --, not both' },
    { args: ['job', '-c', 'echo', 'hi'], says: 'Put the line in quotes' },
    { args: ['job', '-c', ' '], says: 'The line to run must not be empty' },
    { args: ['job'], says: 'livinglock run LOCK -c LINE' },
  ])('is refused as $args', async ({ args, says }) => {
    const ended = await new Desk().run(['run', ...args]);
    expect(ended).toMatchObject({ code: 64, stdout: '', stderr: oneLineWith(says) });
  });

  test('in place of a program gets a hint how to run it', async () => {
    const { code, stderr } = await new Desk().run(['run', 'job', '--', 'echo hi | wc']);
    expect(code).toBe(127);
    expect(stderr).toEqual(oneLineWith(`use -c 'echo hi | wc', or -- sh -c 'echo hi | wc'.`));
  });

  test('can be scheduled', async () => {
    const desk = new Desk();
    const args = ['schedule', '--for', 'cron', '--every', '10m', '--name', 'job', '-c', 'echo "a b" | wc -w'];
    const { code, stdout } = await desk.run(args);
    expect(code).toBe(0);
    const [, entry = ''] = /^\*\/10 \* \* \* \* (.*)$/m.exec(stdout) ?? [];
    expect((await desk.bash(entry)).stdout.trim()).toBe('2');
  });
});

describe.skipIf(!isPosix)('an obstacle beside a lock', () => {
  /** An internal name: of a folder for one change, or of what is written in it. */
  const INTERNAL = /[0-9a-f]{8}-[0-9a-f]{4}|\bmkdir\b|\brename\b/;

  test.each([
    { what: 'a file', put: (guard: string) => writeFileSync(guard, ''), says: 'it is not a folder' },
    {
      what: 'a folder with a file in it',
      put: (guard: string) => {
        mkdirSync(guard);
        writeFileSync(join(guard, 'notes.txt'), '');
      },
      says: 'something else is in it: "notes.txt"',
    },
  ])('is reported if it is $what', async ({ put, says }) => {
    const desk = new Desk();
    put(`${desk.path('import')}.guard`);
    const { code, stderr } = await desk.run(['run', 'import', '--', 'true']);
    expect(code).toBe(73);
    expect(stderr).toEqual(oneLineWith(`${desk.path('import')}.guard is in the way: ${says}`));
    expect(stderr).toMatch(/Nothing was changed\. Move it away, or choose another path for the lock\.\n$/);
    expect(stderr).not.toMatch(INTERNAL);
  });

  test('is a process on another machine that is changing the lock', async () => {
    const desk = new Desk();
    const guard = `${desk.path('import')}.guard`;
    mkdirSync(guard);
    writeFileSync(join(guard, '11111111-1111-1111-1111-111111111111,77,0,123,aaaa,,db-2'), '');
    const { code, stderr } = await desk.run(['run', 'import', '--', 'true']);
    expect(code).toBe(75);
    expect(stderr).toEqual(oneLineWith('cannot be taken: PID 77 on db-2 is changing it right now. Not run'));
    expect(stderr).not.toMatch(INTERNAL);
  });

  test.skipIf(!canBeNobody || !has('setpriv'))('is a folder that is not writable', async () => {
    const desk = new Desk();
    chmodSync(desk.folder, 0o755);
    const args = ['--reuid', String(NOBODY), '--clear-groups', process.execPath, PROGRAM, 'run'];
    const { code, stderr } = await desk.startProgram('setpriv', [
      ...args,
      `${desk.locks}/x.lock`,
      '--',
      'true',
    ]).ended;
    expect(code).toBe(73);
    expect(stderr).toEqual(
      oneLineWith(`Cannot create the lock ${desk.path('x')}: EACCES: permission denied. This process's user`),
    );
    expect(stderr).not.toMatch(INTERNAL);
  });
});

describe.skipIf(!isPosix)('a name that may be meant as a file', () => {
  test.each([
    ['run', 'w.lock', '--', 'true'],
    ['status', 'w.lock'],
    ['status', '--json', 'w.lock'],
    ['break', 'w.lock'],
    ['wait', 'w.lock'],
  ])('makes %s %s say which lock it means, and how to name the file', async (...args) => {
    const desk = new Desk();
    const { stderr } = await desk.run(args);
    expect(stderr).toEqual(
      oneLineWith(
        `w.lock is the name of the lock ${desk.path('w')}. Write ./w.lock for the file of that name in this folder.`,
      ),
    );
  });

  test('is that of a file in the working folder, but not of a folder or a program', async () => {
    const desk = new Desk();
    writeFileSync(join(desk.folder, 'data'), '');
    writeFileSync(join(desk.folder, 'import'), '#!/bin/sh\n', { mode: 0o755 });
    const says = async (name: string) => (await desk.run(['run', name, '--', 'true'])).stderr;
    expect(await says('data')).toEqual(oneLineWith('Write ./data for the file'));
    expect(await says('import')).toBe('');
    expect(await says('locks')).toBe('');
    expect(await says('nightly')).toBe('');
    expect(await says('./data.lock')).toBe('');
  });

  test('causes no message with -q, or in a database', async () => {
    const desk = new Desk();
    const silent = { code: 0, stderr: '' };
    expect(await desk.run(['run', '-q', 'w.lock', '--', 'true'])).toMatchObject(silent);
    const inDatabase = ['run', '--store', 'sqlite:locks.db', 'w.lock', '--', 'true'];
    expect(await desk.run(inDatabase)).toMatchObject(silent);
  });
});
