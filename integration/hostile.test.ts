import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { acquire, breakLock, ErrLockBusy, inspect, LivingLockError, systemProcesses } from 'livinglock';
import { fileStore } from 'livinglock/file';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startActor } from '../support/actors.js';
import {
  canBeNobody,
  canMount,
  isInInitialPidNamespace,
  isLinux,
  isPosix,
  NOBODY,
  temporaryFolder,
} from '../support/machine.js';
import { outcomeOf } from '../support/outcomes.js';
import { has, Running } from '../support/running.js';
import { Desk, oneLineWith } from './support/desk.js';
import { deadRecord, everythingTheKilledLeave } from './support/remains.js';
import { folderOfRoot, treeOf, withoutTimeOf } from './support/tree.js';

// Things that someone can put, by mistake or on purpose, where livinglock reads and writes. Nothing that belongs to others may change, and
// nobody may get access to what is not theirs.

const MINUTE = 60_000;
const DAY = 86_400_000;
const YEAR = 365 * DAY;
const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const NOT_A_LOCK = 73;
const ERR_NOT_A_LOCK = expect.objectContaining({ code: 'ERR_NOT_A_LOCK' });
/** Nothing is written beside the locks. */
const NO_HISTORY = { LIVINGLOCK_HISTORY: '' };
/** Every heartbeat is written. */
const OFTEN = { heartbeatMinimalInterval: 0 };

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'job.lock');
});

describe("somebody's file at the path of a lock", () => {
  test('stays unchanged by any subcommand, which exits with 73 and shows how the file begins', async () => {
    const desk = new Desk();
    const file = desk.path('job');
    writeFileSync(file, '\u001b[31m#!/bin/sh\nimport\n', { mode: 0o751 });
    utimesSync(file, 1, 1);
    const before = treeOf(desk.locks);

    for (const args of [
      ['run', 'job', '--', 'echo', 'ran'],
      ['run', '--force', 'job', '--', 'echo', 'ran'],
      ['run', '--wait', '1m', '--stale-timeout', '1s', '--kill-stalled', 'job', '--', 'echo', 'ran'],
      ['break', 'job'],
      ['break', '--force', 'job'],
    ]) {
      expect(await desk.run(args, NO_HISTORY)).toMatchObject({
        code: NOT_A_LOCK,
        stdout: '',
        stderr: oneLineWith('begins with "\\u001b[31m#!/bin/sh\\nimport\\n"'),
      });
    }
    expect(treeOf(desk.locks)).toEqual(before);
  });

  test.each<[what: string, content: string | Uint8Array]>([
    ['a log', '{"process_id":999999,"timestamp":"2026-01-01T00:00:00Z"}\n'.repeat(2)],
    ['a log entry', '{"process_id":999999,"timestamp":"2026-01-01T00:00:00Z","level":"info"}\n'],
    ['an order', '{"process_id":"order-7","timestamp":"2026-01-01T00:00:00Z"}'],
    ['a product', '{"process_id":7,"name":"shop"}'],
    ['64 KiB and a byte', `{"process_id":999999,"timestamp":"2026-01-01T00:00:00Z"}`.padEnd(65_537)],
    ['64 KiB and a byte of zeros', new Uint8Array(65_537)],
    ['UTF-16', Buffer.from('{"process_id":999999}', 'utf16le')],
    ['text with a byte order mark', '\ufeffname;price\n'],
  ])('is not taken for a lock if it is %s', async (_what, content) => {
    writeFileSync(path, content);
    utimesSync(path, 1, 1);
    const before = treeOf(folder);

    await expect(acquire(path)).rejects.toEqual(ERR_NOT_A_LOCK);
    await expect(acquire(path, { terminateStalled: true, staleTimeout: '1ms', ...OFTEN })).rejects.toEqual(
      ERR_NOT_A_LOCK,
    );
    await expect(breakLock(path, { force: true })).rejects.toEqual(ERR_NOT_A_LOCK);
    expect((await inspect(path)).state).toBe('foreign');
    expect(treeOf(folder)).toEqual(before);
  });

  test('is not replaced by the store either, even if told to replace exactly this file', async () => {
    writeFileSync(path, 'mine');
    const store = fileStore();
    const { version } = (await store.read(path)) ?? {};
    const before = treeOf(folder);
    const claim = {
      token: UUID,
      process: systemProcesses().self(),
      workers: [],
      staleTimeout: 1,
      command: null,
      user: null,
      cwd: null,
      owner: null,
    };

    await expect(async () => store.claim(path, claim, version)).rejects.toEqual(ERR_NOT_A_LOCK);
    await expect(Promise.resolve(store.claim(path, claim))).resolves.toMatchObject({ done: false });
    await expect(Promise.resolve(store.beat(path, UUID, {}))).resolves.toMatchObject({ done: false });
    await expect(Promise.resolve(store.remove(path, UUID))).resolves.toMatchObject({ done: false });
    expect(withoutTimeOf('.', treeOf(folder))).toEqual(withoutTimeOf('.', before));
  });

  test.runIf(isLinux)('is not taken for empty if the system reports no size', async () => {
    expect((await inspect('/proc/version')).state).toBe('foreign');
  });

  test('makes a running command lose its lock, and stays', async () => {
    const desk = new Desk();
    // Not while the runner writes to it as well, to name the command.
    const program = `until grep -q '"workers"' "$0"; do sleep 0.01; done; printf 'mine' > "$0"`;
    const run = await desk.run(['run', 'job', '--', 'sh', '-c', program, desk.path('job')], NO_HISTORY);

    expect(run).toMatchObject({ code: 76 });
    expect(readFileSync(desk.path('job'), 'utf8')).toBe('mine');
    expect(readdirSync(desk.locks)).toEqual(['job.lock']);
  });

  test('stays when the process that held the lock ends', async () => {
    const script = `
      import { acquire } from 'livinglock';
      import { writeFileSync } from 'node:fs';
      await acquire(process.argv[1]);
      writeFileSync(process.argv[1], 'mine');`;
    execFileSync(process.execPath, ['--input-type=module', '-e', script, path], { cwd: import.meta.dirname });

    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(readdirSync(folder)).toEqual(['job.lock']);
  });

  test.skipIf(!isPosix)('may be of any type, and does not hide the others from `status`', async () => {
    const desk = new Desk();
    const server = createServer().listen(desk.path('socket'));
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    execFileSync('mkfifo', [desk.path('fifo')]);
    mkdirSync(desk.path('folder'));
    symlinkSync('/etc/passwd', desk.path('link'));
    symlinkSync('nowhere', desk.path('dangling'));
    writeFileSync(desk.path('text'), 'text');
    await desk.dead('dead');
    const names = ['dangling', 'dead', 'fifo', 'folder', 'link', 'socket', 'text'];
    const before = treeOf(desk.locks);

    const { stdout } = await desk.run(['status', '--json']);
    const states = JSON.parse(stdout).map(({ name, state }: Readonly<Record<string, string>>) => [
      name,
      state,
    ]);
    expect(Object.fromEntries(states)).toMatchObject({ dead: 'dead', text: 'foreign' });
    for (const name of names.filter((other) => other !== 'dead')) {
      await expect(acquire(desk.path(name))).rejects.toThrow(LivingLockError);
      await expect(breakLock(desk.path(name), { force: true })).rejects.toThrow(LivingLockError);
    }
    expect(treeOf(desk.locks)).toEqual(before);
  });

  test.skipIf(!isPosix)(
    'is not opened if it is a FIFO, because a writer may be waiting for a reader',
    async () => {
      execFileSync('mkfifo', [path]);
      const writer = new Running('sh', ['-c', 'echo ready; echo order > "$0"', path], { env: process.env });
      await writer.prints(/ready/);

      for (let tries = 0; tries < 20; tries++) {
        await expect(acquire(path)).rejects.toThrow('a FIFO');
        await expect(inspect(path)).rejects.toThrow('a FIFO');
      }
      expect(execFileSync('cat', [path], { encoding: 'utf8', timeout: 5000 })).toBe('order\n');
      expect(await writer.ended).toMatchObject({ code: 0 });
    },
  );

  test('is taken over if it may be left from a crash, once it has not changed for two seconds', async () => {
    const torn = { empty: '', zeros: new Uint8Array(512), cut: '{"process_id":999999,"timest' };
    const locks = Object.entries(torn).map(([name, content]) => {
      const lock = join(folder, `${name}.lock`);
      writeFileSync(lock, content);
      return lock;
    });
    for (const lock of locks) await expect(acquire(lock)).rejects.toThrow(ErrLockBusy);

    const held = await Promise.all(locks.map((lock) => acquire(lock, { wait: '20s' })));
    await Promise.all(held.map((lock) => lock.release()));
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('files of others beside a lock', () => {
  test.skipIf(!isPosix)('stay unchanged when the lock is taken over, whatever their names', async () => {
    const victim = folderOfRoot(join(folder, 'victim'));
    writeFileSync(path, await deadRecord());
    const dead =
      readdirSync(`${await everythingTheKilledLeave()}/job.lock.guard`).find((name) => name.includes(',')) ??
      '';
    const uuid = (first: string) => `${path}.guard.${UUID.replace('0f', first)}`;
    for (const name of [
      '1',
      '20261125',
      '3141592653',
      'tmp',
      `${UUID}.tmp`,
      'guard.bak',
      `guard.${UUID}.old`,
    ]) {
      writeFileSync(`${path}.${name}`, '');
    }
    symlinkSync(victim, uuid('01'));
    symlinkSync(victim, `${uuid('02')}.swept`);
    writeFileSync(uuid('03'), 'mine');
    execFileSync('mkfifo', [uuid('04')]);
    mkdirSync(join(uuid('05'), 'deep', 'er', dead), { recursive: true });
    for (const [first, put] of [
      ['06', (name: string) => execFileSync('mkfifo', [name])],
      ['07', (name: string) => symlinkSync(join(victim, 'passwd'), name)],
      ['08', (name: string) => mkdirSync(name)],
      ['09', (name: string) => writeFileSync(name.replace(',0,', ',x,'), 'mine')],
      ['0a', (name: string) => writeFileSync(`${name}x%`, 'mine')],
    ] as const) {
      mkdirSync(uuid(first));
      put(join(uuid(first), dead));
      mkdirSync(`${uuid(first)}.swept`);
      put(join(`${uuid(first)}.swept`, dead));
    }
    mkdirSync(uuid('0b'));
    writeFileSync(join(uuid('0b'), dead), '');

    const before = withoutTimeOf('.', treeOf(folder));
    const lock = await acquire(path);
    await lock.heartBeat();
    await lock.release();
    const litter = [basename(path), basename(uuid('0b')), join(basename(uuid('0b')), dead)];
    expect(withoutTimeOf('.', treeOf(folder))).toEqual(
      Object.fromEntries(Object.entries(before).filter(([name]) => !litter.includes(name))),
    );
  });

  test.skipIf(!isPosix).each<[what: string, put: (guard: string, owner: string, victim: string) => void]>([
    ['a link to a folder', (guard, _owner, victim) => symlinkSync(victim, guard)],
    ['a link to nothing', (guard) => symlinkSync('nowhere', guard)],
    ['a FIFO', (guard) => execFileSync('mkfifo', [guard])],
    ['a file', (guard) => writeFileSync(guard, '')],
    ['a folder with a file', (guard) => putInside(guard, 'notes.txt', (name) => writeFileSync(name, ''))],
    [
      'a folder with a FIFO',
      (guard, owner) => putInside(guard, owner, (name) => execFileSync('mkfifo', [name])),
    ],
    [
      'a folder with a link',
      (guard, owner, victim) => putInside(guard, owner, (name) => symlinkSync(victim, name)),
    ],
    ['a folder with a folder', (guard, owner) => putInside(guard, owner, (name) => mkdirSync(name))],
    [
      'a folder with a record that is a link',
      (guard, _owner, victim) =>
        putInside(guard, `${UUID}.record`, (name) => symlinkSync(join(victim, 'passwd'), name)),
    ],
    [
      'a folder with another spelling of an owner',
      (guard, owner) =>
        putInside(guard, owner.replace(/,(\d+),/, ',0$1,'), (name) => writeFileSync(name, '')),
    ],
  ])('in place of the guard, such as %s, stay, and are reported', async (_what, put) => {
    const owner = `${UUID},999999,0,1,boot-1,pid%3A%5B4026531836%5D,`;
    const victim = folderOfRoot(join(folder, 'victim'));
    put(`${path}.guard`, owner, victim);
    const before = withoutTimeOf('.', treeOf(folder));
    const refused = expect.objectContaining({
      code: 'ERR_NOT_A_LOCK',
      message: expect.stringContaining(`${path}.guard is in the way`),
    });

    await expect(acquire(path)).rejects.toEqual(refused);
    expect(withoutTimeOf('.', treeOf(folder))).toEqual(before);
    writeFileSync(path, await deadRecord());
    await expect(acquire(path)).rejects.toEqual(refused);
    await expect(breakLock(path, { force: true })).rejects.toEqual(refused);
    rmSync(path);
    expect(withoutTimeOf('.', treeOf(folder))).toEqual(before);
  });
});

describe.skipIf(!isPosix)('a record', () => {
  test.each([
    ['000', 0o644],
    ['022', 0o644],
    ['077', 0o600],
  ])('is writable by nobody else, whatever was there, with the umask %s', async (umask, mode) => {
    writeFileSync(path, await deadRecord());
    chmodSync(path, 0o666);
    const actor = await startActor({ within: ['sh', '-c', `umask ${umask}; exec "$@"`, 'sh'] });

    for (const command of ['acquire', 'heartBeat'] as const) {
      expect(outcomeOf(await actor.ask({ do: command, path }))).toBe('done');
      expect(statSync(path)).toMatchObject({ mode: 0o100000 | mode, uid: process.geteuid?.() });
    }
    expect(outcomeOf(await actor.ask({ do: 'release', path }))).toBe('done');
    expect(outcomeOf(await actor.ask({ do: 'acquire', path }))).toBe('done');
    expect(statSync(path).mode & 0o777).toBe(mode);
  });

  test.skipIf(!canBeNobody || !has('python3'))(
    'is private to the writer in a folder whose defaults let others write (POSIX ACL, set by python3)',
    async () => {
      chmodSync(folder, 0o2777);
      const everything =
        "b'\\2\\0\\0\\0' + b''.join(struct.pack('<HHI', *entry) for entry in [(1, 7, 0xffffffff), (2, 7, 65534), (4, 7, 0xffffffff), (16, 7, 0xffffffff), (32, 7, 0xffffffff)])";
      execFileSync('python3', [
        '-c',
        `import os, struct, sys; os.setxattr(sys.argv[1], 'system.posix_acl_default', ${everything})`,
        folder,
      ]);
      writeFileSync(path, await deadRecord());
      const lock = await acquire(path, OFTEN);
      const openAsNobody = () =>
        execFileSync('sh', ['-c', 'echo x >> "$0"', path], { uid: NOBODY, gid: NOBODY, stdio: 'ignore' });

      expect(openAsNobody).toThrow();
      await lock.heartBeat();
      expect(openAsNobody).toThrow();
      await lock.release();
      await acquire(path, OFTEN);
      expect(openAsNobody).toThrow();
    },
  );
});

describe('a time in the future', () => {
  const steps: [string, number][] = [
    ['ten minutes', 10 * MINUTE],
    ['a day', DAY],
    ['twenty years', 20 * YEAR],
  ];

  test.each(steps)('keeps nobody from a lock for longer than its timeout: %s', async (_step, ahead) => {
    const own = await ownRecord();
    const elsewhere = { ...own, process: { ...own.process, boot_id: 'another', hostname: 'db-2' } };
    for (const record of [
      { ...elsewhere, timestamp: iso(ahead), stale_timeout_ms: MINUTE },
      { ...elsewhere, timestamp: iso(ahead), hold_ms: MINUTE },
      { process_id: 1, timestamp: iso(ahead), stale_timeout_ms: MINUTE },
    ]) {
      writeAhead(path, JSON.stringify(record), ahead);
      expect((await inspect(path, { staleTimeout: MINUTE })).state).toMatch(/^(stalled|dead|free)$/);
      await (await acquire(path, { staleTimeout: MINUTE, ...OFTEN })).release();
    }
  });

  test.each(steps)(
    'does not stop `break --force` where no live process is inside: %s',
    async (_step, ahead) => {
      const desk = new Desk();
      const lock = desk.path('job');
      const own = await ownRecord();
      const owner = (host: string, boot: string) =>
        `${UUID},4242,0,1,${boot},${encodeURIComponent('pid:[1]')},${host}`;
      mkdirSync(`${lock}.guard`);
      writeFileSync(`${lock}.guard/${owner('db-2', 'another')}`, '');
      mkdirSync(`${lock}.guard.${UUID}`);
      writeFileSync(`${lock}.guard.${UUID}/${owner('db-2', 'another')}`, '');
      writeAhead(lock, JSON.stringify({ ...own, timestamp: iso(ahead), stale_timeout_ms: null }), ahead);
      for (const late of [`${lock}.guard`, `${lock}.guard.${UUID}`]) setAhead(late, ahead);

      expect(await desk.run(['break', '--force', 'job'])).toMatchObject({ code: 0 });
      expect(readdirSync(desk.locks)).toEqual([]);
    },
  );

  test('does not protect a torn file', async () => {
    writeAhead(path, '{"process_id":', YEAR);
    await (await acquire(path)).release();
  });
});

describe.skipIf(!isLinux || !isInInitialPidNamespace)(
  'a record of another boot (on Linux, outside of containers)',
  () => {
    const BOOT = { boot_id: 'b08dfa60-83e7-567a-1921-a71500000001' };
    const guest = { ...BOOT, hostname: 'guest-of-this-host' };
    const container = { ...BOOT, hostname: '3f2a', pid_namespace: 'pid:[4026539999]' };

    test.each([
      ['this machine, from before this boot', BOOT, 1, 'dead'],
      ['this machine, from this boot', BOOT, -1, 'live'],
      ['a guest, from before this boot', guest, 1, 'live'],
      ['a guest, from this boot', guest, -1, 'live'],
      ['a container, from before this boot', container, 1, 'dead'],
      ['a container, from this boot', container, -1, 'live'],
    ])('of %s, says what its host name and its last heartbeat prove', async (_what, place, side, state) => {
      const sinceBoot = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
      const own = await ownRecord();
      const timestamp = iso(-sinceBoot - side * Math.min(sinceBoot / 2, MINUTE));
      const record = {
        ...own,
        timestamp,
        stale_timeout_ms: 10 * YEAR,
        process: { ...own.process, ...place },
      };
      writeFileSync(path, JSON.stringify(record));

      expect((await inspect(path)).state).toBe(state);
    });

    test.skipIf(!canMount)('does not rob a guest that writes into a folder of this host', async () => {
      const bootId = join(temporaryFolder(), 'boot_id');
      writeFileSync(bootId, `${BOOT.boot_id}\n`);
      const script =
        'mount --bind "$1" /proc/sys/kernel/random/boot_id && hostname guest && shift && exec "$@"';
      const within = ['unshare', '--mount', '--uts', 'sh', '-c', script, 'sh', bootId];
      const [inside, another] = [await startActor({ within }), await startActor({ within })];
      expect(outcomeOf(await inside.ask({ do: 'acquire', path }))).toBe('done');
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
        process: { ...BOOT, hostname: 'guest' },
      });

      await expect(acquire(path)).rejects.toThrow(ErrLockBusy);
      await inside.kill();
      await expect(acquire(path)).rejects.toThrow(ErrLockBusy);
      expect(outcomeOf(await another.ask({ do: 'acquire', path }))).toBe('done');
    });
  },
);

function putInside(guard: string, name: string, put: (path: string) => unknown): void {
  mkdirSync(guard);
  put(join(guard, name));
}

/** The record that this process writes into a lock. */
async function ownRecord(): Promise<{ readonly process: object }> {
  const own = join(temporaryFolder(), 'own.lock');
  const lock = await acquire(own);
  const record = JSON.parse(readFileSync(own, 'utf8'));
  await lock.release();
  return record;
}

function iso(ahead: number): string {
  return new Date(Date.now() + ahead).toISOString();
}

function writeAhead(file: string, text: string, ahead: number): void {
  writeFileSync(file, text);
  setAhead(file, ahead);
}

function setAhead(file: string, ahead: number): void {
  const time = (Date.now() + ahead) / 1000;
  utimesSync(file, time, time);
}
