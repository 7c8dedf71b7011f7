import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { ended, Home, oneLineWith, outputOf, poll } from './support/command.js';
import { canBeNobody, isPosix, NOBODY } from './support/machine.js';
import { canHaveTerminal, startOnTerminal } from './support/pty.js';

describe('status', () => {
  test('shows all that is held in the runtime folder, and exits with 0 while all of it lives', async () => {
    const home = new Home();
    const { pid } = await home.live('backup');
    await home.live('import');
    writeFileSync(join(home.locks, 'notes.txt'), 'no lock');
    mkdirSync(join(home.locks, 'folder.lock'));

    const { code, output, errors } = await home.run('status');

    expect(errors).toBe('');
    const [titles, ...rows] = output.trimEnd().split('\n');
    expect(titles).toMatch(/^LOCK +STATE +PID +HOST +COMMAND +HELD FOR +HEARTBEAT$/);
    expect(rows).toEqual([
      expect.stringMatching(new RegExp(`^backup  live  +${pid}  \\S+ +.*actor\\.js.*  \\d+s  +\\d+s ago$`)),
      expect.stringMatching(/^import /),
    ]);
    expect(code).toBe(0);
  });

  test('says where it has looked when there is nothing', async () => {
    const home = new Home();

    expect(await home.run('status')).toMatchObject({ code: 0, output: `No locks in ${home.locks}.\n` });
    expect(await home.run('status', '--json')).toMatchObject({ code: 0, output: '[]\n' });
  });

  test('exits with 1 when one that is named is free', async () => {
    const home = new Home();
    await home.live('backup');

    const { code, output } = await home.run('status', 'backup', 'import');

    expect(output).toMatch(/^backup +live .*\nimport +free +- +- +- +- +-$/m);
    expect(code).toBe(1);
  });

  test('exits with 3 when one is dead, even if another one is free, and says what that means', async () => {
    const home = new Home();
    await home.dead('backup');

    const { code, output } = await home.run('status', 'import', home.lock('backup'));

    expect(output).toMatch(/backup\.lock +dead /);
    expect(output).toMatch(
      `\n\n${home.lock('backup')} is dead: its process does not exist any more. The next run takes over.\n`,
    );
    expect(code).toBe(3);
  });

  test('exits with 3 when one is stalled', async () => {
    const home = new Home();
    await home.stalled('backup');

    expect(await home.run('status', 'backup')).toMatchObject({
      code: 3,
      output: expect.stringMatching(/^backup +stalled /m),
    });
  });

  test('draws how far the work is, and aligns it under wide characters', async () => {
    const home = new Home();
    writeRecord(home, 'テーブル', { progress: { ratio: 0.4, note: '4つ目の表' } });
    writeRecord(home, 'backup', { progress: { ratio: 1, note: null } });

    const { output } = await home.run('status');

    const [titles = '', ...rows] = output.split('\n');
    expect(titles).toMatch(/PROGRESS$/);
    expect(rows[0]).toMatch(/^backup {4}live .* \[##########\] 100 %$/);
    expect(rows[1]).toMatch(/^テーブル {2}live .* \[####\.\.\.\.\.\.\] {2}40 % {2}4つ目の表$/);
  });

  test('lets nothing through to the terminal that a holder has written to move its cursor', async () => {
    const home = new Home();
    writeRecord(home, 'backup', {
      command: 'evil \u{1b}[2J\nsecond line',
      progress: { ratio: null, note: '\r\u{7}x' },
    });

    const { output } = await home.run('status');

    expect(output).toMatch(/evil \u{fffd}\[2J second line/u);
    expect(output.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test('names by a line what cannot be read, shows the rest, and exits with 73', async () => {
    const home = new Home();
    await home.live('backup');
    mkdirSync(home.lock('folder'));

    const { code, output, errors } = await home.run('status', 'backup', 'folder');

    expect(errors).toEqual(oneLineWith(`Cannot read the lock ${home.lock('folder')}: EISDIR`));
    expect(output).toMatch(/^backup +live/m);
    expect(code).toBe(73);
  });

  test('says in a line that the runtime folder is none', async () => {
    const home = new Home();
    const env = { LIVINGLOCK_DIR: join(home.folder, 'file') };
    writeFileSync(env.LIVINGLOCK_DIR, '');

    expect(await home.bash('livinglock status', env)).toMatchObject({
      code: 73,
      output: '',
      errors: oneLineWith(`Cannot list the locks in ${env.LIVINGLOCK_DIR}: ENOTDIR`),
    });
  });

  test.skipIf(!canBeNobody)('says in a line that the folder cannot be read (as root)', async () => {
    const home = new Home();
    mkdirSync(join(home.folder, 'closed'), { mode: 0o700 });
    const path = join(home.folder, 'closed', 'backup.lock');
    const as = (line: string) => `setpriv --reuid ${NOBODY} --clear-groups livinglock ${line}`;

    expect(await home.bash(as(`status ${path}`))).toMatchObject({
      code: 73,
      errors: oneLineWith(`Cannot read the lock ${path}: EACCES`),
    });
    expect(await home.bash(as('status'), { LIVINGLOCK_DIR: join(home.folder, 'closed') })).toMatchObject({
      code: 73,
      errors: oneLineWith(`Cannot list the locks in ${join(home.folder, 'closed')}: EACCES`),
    });
  });

  test.skipIf(!isPosix)('has no more to say when nobody reads on', async () => {
    const home = new Home();
    await home.live('backup');
    for (const what of ['status', '--help', 'completion bash', 'help exit-codes']) {
      const { code, output, errors } = await home.bash(`livinglock ${what} | head -1`);
      expect(errors).toBe('');
      expect(output.split('\n')).toHaveLength(2);
      expect(code).toBe(0);
      const unread = home.start(...what.split(' '));
      unread.stdout?.destroy();
      expect(await ended(unread)).toMatchObject({ code: 0, errors: '' });
    }
  });
});

describe('status --json', () => {
  test('has the shape that docs/status.schema.json describes, whatever state a lock is in', async () => {
    const home = new Home();
    await home.live('live');
    await home.stalled('stalled');
    await home.dead('dead');
    writeRecord(home, 'rich', { progress: { ratio: 0.4, note: null }, stale_timeout_ms: null });
    writeFileSync(home.lock('go'), `{"process_id":${process.pid},"timestamp":"${new Date().toISOString()}"}`);
    writeFileSync(home.lock('classic'), `${process.pid}\n`);
    writeFileSync(home.lock('garbage'), 'no record');

    const names = ['live', 'stalled', 'dead', 'rich', 'go', 'classic', 'garbage', 'free'];
    const { code, output } = await home.run('status', '--json', ...names);

    const locks: unknown = JSON.parse(output);
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
      { name: 'garbage', pid: null },
      { name: 'free', path: home.lock('free'), state: 'free', pid: null, heartbeatAgeMs: null, workers: [] },
    ]);
    expect(code).toBe(3);
  });
});

describe('status on a terminal', () => {
  test.skipIf(!canHaveTerminal)('is coloured, unless NO_COLOR is set', async () => {
    const home = new Home();
    await home.live('backup');

    const coloured = await ended(startOnTerminal(home, 'livinglock status'));
    const plain = await ended(startOnTerminal(home, 'livinglock status', { env: { NO_COLOR: '1' } }));
    const piped = await home.bash('livinglock status', { FORCE_COLOR: '1' });

    expect(coloured.output).toContain('\u{1b}[32mlive\u{1b}[39m');
    expect(plain.output).toMatch(/^backup +live/m);
    expect(plain.output).not.toContain('\u{1b}');
    expect(piped.output).not.toContain('\u{1b}');
  });

  test.skipIf(!canHaveTerminal)('is not wider than the terminal', async () => {
    const home = new Home();
    writeRecord(home, 'backup', { command: 'python manage.py '.repeat(20) });
    await home.dead('テーブル'.repeat(10));
    for (const columns of [20, 60, 100]) {
      const { output } = await ended(startOnTerminal(home, 'livinglock status', { columns }));
      for (const line of stripVTControlCharacters(output).split(/\r?\n/)) {
        const wide = line.match(/[ぁ-ヿ]/g)?.length ?? 0;
        expect(line.length + wide).toBeLessThanOrEqual(columns);
      }
      expect(output).toContain('…');
    }
  });

  test.skipIf(!canHaveTerminal)('refreshes in place until Ctrl-C, which a shell sees as 130', async () => {
    const home = new Home();
    const holder = await home.live('backup');
    const child = startOnTerminal(home, 'trap : INT; livinglock status --watch backup; echo "code $?"');
    const output = outputOf(child);
    await poll('It shows nothing', () => output().includes('live'));
    await holder.kill();
    await poll('It does not refresh', () => output().includes('dead'));

    child.stdin?.write('\u{3}');

    await poll('It does not end', () => output().includes('code 130'));
    // One picture over the other: up by as many lines as the first one has.
    expect(output().split('\u{1b}[1mLOCK')[0]).toBe('\r');
    expect(output()).toContain('\r\u{1b}[2A\u{1b}[1mLOCK');
  });
});

describe('status --watch off a terminal', () => {
  test('prints anew when something changes, and only then', async () => {
    const home = new Home();
    const holder = await home.live('backup');
    const output = outputOf(home.start('status', '--watch', '--json', 'backup'));
    const lines = () => output().split('\n').slice(0, -1);
    await poll('It shows nothing', () => lines().length === 1);
    // Long enough for it to look again.
    await home.run('wait', '--timeout', '1200ms', 'backup');
    expect(lines()).toHaveLength(1);
    await holder.kill();
    await poll('It shows no change', () => lines().length > 1);
    rmSync(home.lock('backup'));
    await poll('It shows no second change', () => lines().length > 2);

    expect(lines().map((line) => JSON.parse(line))).toMatchObject([
      [{ name: 'backup', state: 'live' }],
      [{ name: 'backup', state: 'dead' }],
      [{ name: 'backup', state: 'free' }],
    ]);
  });

  test('separates its tables by an empty line', async () => {
    const home = new Home();
    const holder = await home.live('backup');
    const output = outputOf(home.start('status', '--watch', 'backup'));
    await poll('It shows nothing', () => output().includes('live'));
    await holder.kill();
    await poll('It shows no change', () => output().includes('dead'));

    expect(output()).toMatch(/^LOCK .*\nbackup {2}live .*\n\nLOCK .*\nbackup {2}dead /);
  });
});

/** A lock that this process seems to hold, with what a test wants it to say. */
function writeRecord(home: Home, name: string, more: Readonly<Record<string, unknown>>): void {
  const record = { process_id: process.pid, timestamp: new Date().toISOString(), token: name, ...more };
  writeFileSync(home.lock(name), JSON.stringify(record));
}

function isIsoDate(text: string): boolean {
  return new Date(text).toISOString() === text;
}
