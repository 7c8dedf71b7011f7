import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { canBeNobody, isLinux, isPosix, NOBODY } from '../support/machine.js';
import { poll } from '../support/running.js';
import { Desk, oneLineWith } from './support/desk.js';
import { canHaveTerminal, startOnTerminal } from './support/terminal.js';

describe('status', () => {
  test('shows all held locks in the folder of named locks, and exits with 0 while all holders live', async () => {
    const desk = new Desk();
    const { pid } = await desk.live('backup');
    await desk.live('import');
    writeFileSync(join(desk.locks, 'notes.txt'), 'no lock');
    mkdirSync(join(desk.locks, 'folder.lock'));

    const { code, stdout, stderr } = await desk.run(['status']);

    expect(stderr).toBe('');
    const [titles, ...rows] = stdout.trimEnd().split('\n');
    expect(titles).toMatch(/^LOCK +STATE +PID +HOST +COMMAND +HELD FOR +HEARTBEAT$/);
    expect(rows).toEqual([
      expect.stringMatching(new RegExp(`^backup  live  +${pid}  \\S+ +.*actor\\.js.*  \\d+s  +\\d+s ago$`)),
      expect.stringMatching(/^import /),
    ]);
    expect(code).toBe(0);
  });

  test('names the folder if there are no locks', async () => {
    const desk = new Desk();

    expect(await desk.run(['status'])).toMatchObject({ code: 0, stdout: `No locks in ${desk.locks}.\n` });
    expect(await desk.run(['status', '--json'])).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  test('exits with 1 if a named lock is free', async () => {
    const desk = new Desk();
    await desk.live('backup');

    const { code, stdout } = await desk.run(['status', 'backup', 'import']);

    expect(stdout).toMatch(/^backup +live .*\nimport +free +- +- +- +- +-$/m);
    expect(code).toBe(1);
  });

  test('exits with 3 if a holder is dead, even if another lock is free, and says what that means', async () => {
    const desk = new Desk();
    await desk.dead('backup');

    const { code, stdout } = await desk.run(['status', 'import', desk.path('backup')]);

    expect(stdout).toMatch(/backup\.lock +dead /);
    expect(stdout).toMatch(
      `\n\n${desk.path('backup')} is dead: its process no longer exists. The next run takes over.\n`,
    );
    expect(code).toBe(3);
  });

  test('exits with 3 if a holder has stalled', async () => {
    const desk = new Desk();
    await desk.stalled('backup');

    expect(await desk.run(['status', 'backup'])).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^backup +stalled /m),
    });
  });

  test('draws the progress, and aligns it under wide characters', async () => {
    const desk = new Desk();
    writeRecord(desk, 'テーブル', { progress: { ratio: 0.4, note: '4つ目の表' } });
    writeRecord(desk, 'backup', { progress: { ratio: 1, note: null } });

    const { stdout } = await desk.run(['status']);

    const [titles = '', ...rows] = stdout.split('\n');
    expect(titles).toMatch(/PROGRESS$/);
    expect(rows[0]).toMatch(/^backup {4}live .* \[##########\] 100 %$/);
    expect(rows[1]).toMatch(/^テーブル {2}live .* \[####\.\.\.\.\.\.\] {2}40 % {2}4つ目の表$/);
  });

  test('shows no control characters that a holder has written', async () => {
    const desk = new Desk();
    writeRecord(desk, 'backup', {
      command: 'evil \u{1b}[2J\nsecond line',
      cwd: '/srv/\u{1b}[2Jshop\n',
      progress: { ratio: null, note: '\r\u{7}x' },
    });

    const { stdout } = await desk.run(['status']);

    expect(stdout).toMatch(/evil \u{fffd}\[2J second line in \/srv\/\u{fffd}\[2Jshop /u);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test('reports in one line what cannot be read, shows the rest, and exits with 73', async () => {
    const desk = new Desk();
    await desk.live('backup');
    mkdirSync(desk.path('folder'));

    const { code, stdout, stderr } = await desk.run(['status', 'backup', 'folder']);

    expect(stderr).toEqual(oneLineWith(`Cannot read the lock ${desk.path('folder')}: EISDIR`));
    expect(stdout).toMatch(/^backup +live/m);
    expect(code).toBe(73);
  });

  test('says in one line that the folder of named locks is not a folder', async () => {
    const desk = new Desk();
    const env = { LIVINGLOCK_DIR: join(desk.folder, 'file') };
    writeFileSync(env.LIVINGLOCK_DIR, '');

    expect(await desk.bash('livinglock status', env)).toMatchObject({
      code: 73,
      stdout: '',
      stderr: oneLineWith(`Cannot list the locks in ${env.LIVINGLOCK_DIR}: ENOTDIR`),
    });
  });

  test.skipIf(!canBeNobody)('says in one line that the folder cannot be read (as root)', async () => {
    const desk = new Desk();
    mkdirSync(join(desk.folder, 'closed'), { mode: 0o700 });
    const path = join(desk.folder, 'closed', 'backup.lock');
    const as = (line: string) => `setpriv --reuid ${NOBODY} --clear-groups livinglock ${line}`;

    expect(await desk.bash(as(`status ${path}`))).toMatchObject({
      code: 73,
      stderr: oneLineWith(`Cannot read the lock ${path}: EACCES`),
    });
    expect(await desk.bash(as('status'), { LIVINGLOCK_DIR: join(desk.folder, 'closed') })).toMatchObject({
      code: 73,
      stderr: oneLineWith(`Cannot list the locks in ${join(desk.folder, 'closed')}: EACCES`),
    });
  });

  test.skipIf(!isPosix)('ends silently when nobody reads on', async () => {
    const desk = new Desk();
    await desk.live('backup');
    for (const what of ['status', '--help', 'completion bash', 'help exit-codes']) {
      const { code, stdout, stderr } = await desk.bash(`livinglock ${what} | head -1`);
      expect(stderr).toBe('');
      expect(stdout.split('\n')).toHaveLength(2);
      expect(code).toBe(0);
      const unread = desk.start(what.split(' '));
      unread.closeOutput();
      expect(await unread.ended).toMatchObject({ code: 0, stderr: '' });
    }
  });

  test.skipIf(!isPosix)('exits with the same status when nobody reads on', async () => {
    const desk = new Desk();
    await desk.dead('dead');
    for (const [lock, code] of [
      ['free', 1],
      ['dead', 3],
    ] as const)
      for (const options of [[], ['--json']]) {
        const unread = desk.start(['status', ...options, lock]);
        unread.closeOutput();
        expect(await unread.ended).toMatchObject({ code, stderr: '' });
      }
  });

  test.skipIf(!isLinux)('exits with 74 if its output cannot be written', async () => {
    const desk = new Desk();
    expect(await desk.bash('livinglock status > /dev/full')).toMatchObject({
      code: 74,
      stderr: oneLineWith('Cannot write to standard output: ENOSPC'),
    });
  });
});

describe('status --json', () => {
  test('matches docs/status.schema.json, whatever state a lock is in', async () => {
    const desk = new Desk();
    await desk.live('live');
    await desk.stalled('stalled');
    await desk.dead('dead');
    writeRecord(desk, 'rich', { progress: { ratio: 0.4, note: null }, stale_timeout_ms: null });
    writeFileSync(desk.path('go'), `{"process_id":${process.pid},"timestamp":"${new Date().toISOString()}"}`);
    writeFileSync(desk.path('classic'), `${process.pid}\n`);
    writeFileSync(desk.path('torn'), '{"process_id":');
    writeFileSync(desk.path('foreign'), 'no record');

    const names = ['live', 'stalled', 'dead', 'rich', 'go', 'classic', 'torn', 'foreign', 'free'];
    const { code, stdout } = await desk.run(['status', '--json', ...names]);

    const locks: unknown = JSON.parse(stdout);
    const schema: object = JSON.parse(
      readFileSync(new URL('../docs/status.schema.json', import.meta.url), 'utf8'),
    );
    const isValid = new Ajv2020({ allowUnionTypes: true, formats: { 'date-time': isIsoDate } }).compile(
      schema,
    );
    isValid(locks);
    expect(isValid.errors).toBeNull();
    expect(locks).toMatchObject([
      { name: 'live', state: 'live', staleTimeoutMs: 3_600_000, workers: [] },
      { name: 'stalled', state: 'stalled', staleTimeoutMs: 1 },
      { name: 'dead', state: 'dead' },
      { name: 'rich', staleTimeoutMs: null, progress: { ratio: 0.4, note: null } },
      { name: 'go', state: 'live', pid: process.pid, fencingToken: null },
      { name: 'classic', pid: process.pid, host: null },
      { name: 'torn', state: 'live', pid: null },
      { name: 'foreign', state: 'foreign', reason: expect.stringContaining('"no record"'), pid: null },
      { name: 'free', path: desk.path('free'), state: 'free', pid: null, heartbeatAgeMs: null, workers: [] },
    ]);
    expect(code).toBe(73);
  });
});

describe('status on a terminal', () => {
  test.skipIf(!canHaveTerminal)('is coloured, unless NO_COLOR is set', async () => {
    const desk = new Desk();
    await desk.live('backup');

    const coloured = await startOnTerminal(desk, 'livinglock status').ended;
    const plain = await startOnTerminal(desk, 'livinglock status', { env: { NO_COLOR: '1' } }).ended;
    const piped = await desk.bash('livinglock status', { FORCE_COLOR: '1' });

    expect(coloured.stdout).toContain('\u{1b}[32mlive\u{1b}[39m');
    expect(plain.stdout).toMatch(/^backup +live/m);
    expect(plain.stdout).not.toContain('\u{1b}');
    expect(piped.stdout).not.toContain('\u{1b}');
  });

  test.skipIf(!canHaveTerminal)('is not wider than the terminal', async () => {
    const desk = new Desk();
    writeRecord(desk, 'backup', { command: 'python manage.py '.repeat(20) });
    await desk.dead('テーブル'.repeat(10));
    for (const columns of [20, 60, 100]) {
      const { stdout } = await startOnTerminal(desk, 'livinglock status', { columns }).ended;
      for (const line of stripVTControlCharacters(stdout).split(/\r?\n/)) {
        const wide = line.match(/[ぁ-ヿ]/g)?.length ?? 0;
        expect(line.length + wide).toBeLessThanOrEqual(columns);
      }
      expect(stdout).toContain('…');
    }
  });

  test.skipIf(!canHaveTerminal)('shows no control characters of a name in a failure', async () => {
    const desk = new Desk();
    const name = 'e\u{1b}]0;title\u{7}vil.lock';
    symlinkSync(name, join(desk.locks, name));
    const terminal = startOnTerminal(desk, 'livinglock status --watch', { columns: 400 });
    await poll('It shows nothing', () => terminal.stdout.includes('vil.lock'));
    terminal.write('\u{3}');
    await terminal.ended;
    expect(terminal.stdout).toContain('e\u{fffd}]0;title\u{fffd}vil.lock');
    expect(terminal.stdout).not.toContain('\u{1b}]');
  });

  test.skipIf(!canHaveTerminal)('refreshes in place until Ctrl-C, which a shell sees as 130', async () => {
    const desk = new Desk();
    const holder = await desk.live('backup');
    const terminal = startOnTerminal(desk, 'trap : INT; livinglock status --watch backup; echo "code $?"');
    await poll('It shows nothing', () => terminal.stdout.includes('live'));
    await holder.kill();
    await poll('It does not refresh', () => terminal.stdout.includes('dead'));

    terminal.write('\u{3}');

    await poll('It does not end', () => terminal.stdout.includes('code 130'));
    // One frame over the other: the cursor goes up by the number of lines in the first one.
    expect(terminal.stdout.split('\u{1b}[1mLOCK')[0]).toBe('\r');
    expect(terminal.stdout).toContain('\r\u{1b}[2A\u{1b}[1mLOCK');
  });
});

describe('status --watch off a terminal', () => {
  test('prints again when something changes, and only then', async () => {
    const desk = new Desk();
    const holder = await desk.live('backup');
    const watching = desk.start(['status', '--watch', '--json', 'backup']);
    const lines = () => watching.stdout.split('\n').slice(0, -1);
    await poll('It shows nothing', () => lines().length === 1);
    // Long enough for another look.
    await desk.run(['wait', '--timeout', '1200ms', 'backup']);
    expect(lines()).toHaveLength(1);
    await holder.kill();
    await poll('It shows no change', () => lines().length > 1);
    rmSync(desk.path('backup'));
    await poll('It shows no second change', () => lines().length > 2);

    expect(lines().map((line) => JSON.parse(line))).toMatchObject([
      [{ name: 'backup', state: 'live' }],
      [{ name: 'backup', state: 'dead' }],
      [{ name: 'backup', state: 'free' }],
    ]);
  });

  test('separates its tables with an empty line', async () => {
    const desk = new Desk();
    const holder = await desk.live('backup');
    const watching = desk.start(['status', '--watch', 'backup']);
    await poll('It shows nothing', () => watching.stdout.includes('live'));
    await holder.kill();
    await poll('It shows no change', () => watching.stdout.includes('dead'));

    expect(watching.stdout).toMatch(/^LOCK .*\nbackup {2}live .*\n\nLOCK .*\nbackup {2}dead /);
  });
});

/** A lock that this process seems to hold, with the fields that a test wants. */
function writeRecord(desk: Desk, name: string, more: Readonly<Record<string, unknown>>): void {
  const record = { process_id: process.pid, timestamp: new Date().toISOString(), token: name, ...more };
  writeFileSync(desk.path(name), JSON.stringify(record));
}

function isIsoDate(text: string): boolean {
  return new Date(text).toISOString() === text;
}
