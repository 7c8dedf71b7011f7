import { execFileSync } from 'node:child_process';
import fs, {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { withSystemDefaults } from '../../src/core/options/dependencies.js';
import { ErrHistory, type History, openHistory } from '../../src/history/index.js';
import { type Predecessor, parseRecord } from '../../src/index.js';
import { ownerName } from '../../src/stores/file/guard/guard-names.js';
import { isRoot, NOBODY } from '../../support/machine.js';
import { replace } from '../../support/replace.js';
import { DAY, temporaryFolder, untyped } from '../../support/world.js';
import { JOB, NOON, someReport, someRun } from './some-runs.js';

let folder: string;
let history: History;

beforeEach(() => {
  folder = join(temporaryFolder(), 'history');
  history = openHistory({ folder });
});

/** The only journal. */
function journal(): string {
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  expect(names).toHaveLength(1);
  return join(folder, names[0] ?? '');
}

async function made(): Promise<string> {
  await history.record(someReport());
  return journal();
}

function somePredecessor(): Predecessor {
  const record = {
    ...(parseRecord('{"process_id":17,"timestamp":"2026-11-26T11:59:00.000Z"}', NOON) ?? expect.fail()),
    token: 'b',
    acquiredAt: new Date(NOON.getTime() - 120_000),
    progress: { ratio: 0.4, note: 'table 4' },
  };
  return { record, state: 'dead', reason: 'its process no longer exists', heartbeatAge: 60_000 };
}

const ids = async () => (await history.read(JOB)).runs.map(({ id }) => id);

describe('a history', () => {
  it.skipIf(process.platform === 'win32')(
    'finds a lock in a file under every path that leads to it',
    async () => {
      const releases = temporaryFolder();
      mkdirSync(join(releases, '1'));
      symlinkSync('1', join(releases, 'current'));
      const canonical = join(releases, '1/job.lock');
      const others = [join(releases, 'current/job.lock'), relative(process.cwd(), canonical)];

      for (const lock of others) {
        await history.record(someReport({ lock }));
        await history.recordSkip(lock);
        await history.recordPredecessor(lock, somePredecessor());
      }
      expect(await history.locks()).toEqual([{ lock: canonical, store: null }]);
      for (const lock of [canonical, ...others]) {
        const { runs, lock: name } = await history.read(lock);
        expect(new Set([name, ...runs.map((run) => run.lock)])).toEqual(new Set([canonical]));
        expect(new Set(runs.map(({ id }) => id))).toEqual(new Set(['a-token', 'b']));
      }
    },
  );

  it('leaves the name of a lock in a database as it is', async () => {
    await history.record(someReport({ lock: 'nightly', store: 'Redis at db-1' }));
    await history.recordSkip('nightly', 'Redis at db-1');
    expect(await history.list()).toMatchObject([{ lock: 'nightly', skips: { count: 1 }, runs: [{}] }]);
    expect(await history.read('nightly', { store: 'Redis at db-1' })).toMatchObject({ runs: [{}] });
  });

  it.skipIf(process.platform === 'win32')(
    'finds what it has listed, even if a folder has become a link since',
    async () => {
      const home = temporaryFolder();
      const lock = join(home, 'app/job.lock');
      mkdirSync(join(home, 'app'));
      await history.record(someReport({ lock }));
      renameSync(join(home, 'app'), join(home, 'old'));
      symlinkSync('old', join(home, 'app'));
      expect(await history.read(lock)).toMatchObject({ lock, runs: [{}] });
    },
  );

  it.skipIf(process.platform === 'win32')(
    'needs an absolute path if the working folder was removed',
    async () => {
      const before = process.cwd();
      onTestFinished(() => process.chdir(before));
      const gone = temporaryFolder();
      process.chdir(gone);
      rmdirSync(gone);
      const message = expect.stringContaining('ENOENT');
      await expect(history.recordSkip('job.lock')).rejects.toMatchObject({ code: 'ERR_HISTORY', message });
      await expect(history.read('job.lock')).rejects.toBeInstanceOf(ErrHistory);
    },
  );

  it('lists what was recorded, lock by lock', async () => {
    await history.record(someReport());
    await history.record(someReport({ id: 'b', lock: '/a.lock', outcome: 'failed', exitCode: 3 }));
    await history.record(someReport({ id: 'c', store: 'Redis at db-1' }));
    await history.recordSkip('/a.lock');

    expect(await history.list()).toMatchObject([
      { lock: '/a.lock', store: null, runs: [{ id: 'b', exitCode: 3 }], skips: { count: 1 } },
      { lock: JOB, store: null, runs: [{ id: 'a-token' }], skips: null },
      { lock: JOB, store: 'Redis at db-1', runs: [{ id: 'c' }] },
    ]);
    expect(await history.read(JOB)).toMatchObject({ runs: [{ ...someRun(), skips: 0 }] });
    expect(await history.read(JOB, { store: 'Redis at db-1' })).toMatchObject({ runs: [{ id: 'c' }] });
    expect(await history.read('/unknown')).toMatchObject({ runs: [], skips: null });
  });

  it('has the run that a lock was taken over from', async () => {
    const predecessor = somePredecessor();
    await history.recordPredecessor(JOB, predecessor);
    await history.recordPredecessor(JOB, null);
    await history.recordPredecessor(JOB, { ...predecessor, record: null });
    await history.record(someReport({ predecessor }));
    const { reason, state } = predecessor;
    expect((await history.read(JOB)).runs).toMatchObject([
      {
        id: 'b',
        outcome: 'killed',
        duration: 60_000,
        progress: { ratio: 0.4 },
        reason,
        isReported: true,
        pid: 17,
      },
      { id: 'a-token', takenOverFrom: { id: 'b', pid: 17, host: null, state, reason }, isReported: false },
    ]);
    await history.recordPredecessor('/other', { ...predecessor, state: 'stalled' });
    expect((await history.read('/other')).runs).toMatchObject([{ outcome: 'stalled' }]);
  });

  it('touches nothing until something is recorded', async () => {
    expect(await history.list()).toEqual([]);
    expect(await history.read(JOB)).toMatchObject({ runs: [] });
    expect(fs.existsSync(folder)).toBe(false);
  });

  it('says of this process what a report leaves out', async () => {
    await history.record({ lock: JOB, outcome: 'failed', startedAt: new Date(Date.now() - 5000) });
    const { runs } = await history.read(JOB);
    expect(runs).toMatchObject([
      { pid: process.pid, cwd: process.cwd(), host: expect.any(String), id: null },
    ]);
    expect(runs[0]?.duration).toBeGreaterThanOrEqual(5000);
  });

  it.each<[string, object]>([
    ['an unknown field', { ...someReport(), exitcode: 1 }],
    ['no lock', { outcome: 'failed', startedAt: NOON }],
    ['no outcome', { lock: JOB, startedAt: NOON }],
    ['no start', { lock: JOB, outcome: 'failed' }],
    ...Object.entries({
      id: [5],
      lock: ['', 5, null],
      store: [5],
      outcome: ['paused', null],
      startedAt: [new Date(Number.NaN), NOON.toISOString(), null],
      endedAt: [new Date(Number.NaN), NOON.getTime()],
      duration: [-5, Number.NaN, '5s'],
      exitCode: ['1', 1.5],
      signal: [9, 'SIGNONE'],
      reason: [5],
      command: [['ls']],
      cwd: [5],
      host: [5],
      user: [5],
      owner: [5],
      pid: ['x', 0, -1],
      fencingToken: ['9', -1],
      progress: [0.5, { ratio: 5 }, { note: 5 }],
      predecessor: [
        {},
        'dead',
        { state: 'dead', reason: 'gone' },
        { record: {}, state: 'dead', reason: 'gone' },
      ],
      attempt: [-1, 0, 1.5],
      output: [5],
      isReported: ['yes'],
    }).flatMap(([name, values]) =>
      values.map((value): [string, object] => [
        `the ${name} ${JSON.stringify(value)}`,
        { ...someReport(), [name]: value },
      ]),
    ),
  ])('refuses a report with %s, before anything is written', async (_what, report) => {
    await expect(history.record(untyped(report))).rejects.toThrow(/ of a run/);
    expect(fs.existsSync(folder)).toBe(false);
  });

  it('takes the end of a run from before its start, because clocks are set, and databases have their own', async () => {
    await history.record(someReport({ endedAt: new Date(NOON.getTime() - 120_000), duration: undefined }));
    expect((await history.read(JOB)).runs).toMatchObject([{ duration: 0 }]);
  });

  it('takes a date of another realm, such as the time of a file in a test of Jest', async () => {
    const startedAt: Date = runInNewContext(`new Date(${NOON.getTime()})`);
    await history.record(someReport({ startedAt }));
    expect((await history.read(JOB)).runs).toMatchObject([{ startedAt: NOON }]);
  });

  it('refuses no lock, a store that is not a text, and what is not a predecessor', async () => {
    await expect(history.recordSkip('')).rejects.toThrow('The `lock` of a run must be');
    await expect(Reflect.apply(history.recordSkip, history, [JOB, 5])).rejects.toThrow(
      'The `store` of a run must be a string',
    );
    await expect(history.recordPredecessor('', null)).rejects.toThrow('The `lock` of a run');
    await expect(history.recordPredecessor(JOB, untyped({}))).rejects.toThrow('The `predecessor` of a run');
    await expect(history.read('')).rejects.toThrow('The `lock` of a run must be a string that is not empty');
    expect(fs.existsSync(folder)).toBe(false);
  });

  it.each([
    { folder: 5 },
    { folder: '' },
    { maxRun: 1 },
    { maxRuns: 0 },
    { maxRuns: 1.5 },
    { maxAge: '90' },
    { maxAge: 90 },
    { writeTimeout: -1 },
  ])('refuses the options %j', (options) => {
    expect(() => openHistory(untyped(options))).toThrow(/option/);
  });

  it('refuses unknown options of what it reads, and wrong ones', async () => {
    await expect(history.read(JOB, untyped({ lst: 1 }))).rejects.toThrow('Did you mean `last`?');
    await expect(history.list(untyped({ lst: 1 }))).rejects.toThrow('Did you mean `last`?');
    await expect(history.list({ last: 0 })).rejects.toThrow('`last`');
    await expect(history.locks(untyped({ onUnreadabel() {} }))).rejects.toThrow('`onUnreadable`');
    for (const call of [
      () => history.list(untyped({ onUnreadable: 5 })),
      () => history.locks(untyped({ onUnreadable: 5 })),
    ])
      await expect(call()).rejects.toThrow('`onUnreadable` must be a function, but is 5.');
  });

  it.skipIf(process.platform === 'win32')('can be read by its user only', async () => {
    const file = await made();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('shows the last runs on request', async () => {
    for (const id of ['a', 'b', 'c']) await history.record(someReport({ id }));
    expect((await history.read(JOB, { last: 2 })).runs).toMatchObject([{ id: 'b' }, { id: 'c' }]);
    await expect(history.read(JOB, { last: 0 })).rejects.toThrow('`last`');
  });
});

describe('a journal on the disk', () => {
  it('loses nothing when many write at once', async () => {
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => history.record(someReport({ id: String(index) }))),
    );
    expect(new Set(await ids()).size).toBe(100);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('is not written while another process is in its guard, for as long as the writer wants to wait', async () => {
    const file = await made();
    const owner = ownerName({ identity: withSystemDefaults().processes.self(), thread: 4242 });
    mkdirSync(`${file}.guard`, { mode: 0o700 });
    writeFileSync(join(`${file}.guard`, owner), '');
    const mkdir = vi.fn(fs.mkdirSync);
    replace(fs, { mkdirSync: mkdir });
    history = openHistory({ folder, writeTimeout: 0 });
    await expect(history.recordSkip(JOB)).rejects.toThrow('another process has been writing for too long');
    // Of about a hundred tries.
    expect(mkdir.mock.calls.filter(([path]) => String(path).includes('.guard')).length).toBeLessThan(5);
  });

  it('goes on after a line that a power cut has cut off', async () => {
    const file = await made();
    await history.record(someReport({ id: 'cut' }));
    truncateSync(file, statSync(file).size - 20);
    await history.record(someReport({ id: 'next' }));
    expect(await history.read(JOB)).toMatchObject({
      runs: [{ id: 'a-token' }, { id: 'next' }],
      unreadable: 1,
    });
  });

  it('is bounded by the number of runs', async () => {
    history = openHistory({ folder, maxRuns: 5 });
    const runs = 300;
    for (let index = 0; index < runs; index++) await history.record(someReport({ id: String(index) }));
    expect(statSync(journal()).size).toBeLessThan(100_000);
    expect(await ids()).toEqual(['295', '296', '297', '298', '299']);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('is bounded by age, except for the last 20 runs', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOON });
    try {
      await history.record(someReport({ id: 'old' }));
      vi.setSystemTime(NOON.getTime() + 100 * DAY);
      for (let id = 1; id < 20; id++)
        await history.record(someReport({ id: `new ${id}`, endedAt: new Date() }));
      expect(await ids()).toHaveLength(20);
      vi.setSystemTime(NOON.getTime() + 110 * DAY);
      await history.record(someReport({ id: 'new 20', endedAt: new Date() }));
      expect(await ids()).toEqual(Array.from({ length: 20 }, (_, index) => `new ${index + 1}`));
      await history.recordSkip(JOB);
      expect(readFileSync(journal(), 'utf8').trim().split('\n')).toHaveLength(22);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['ahead', [0, 100, 0]],
    ['behind', [-180, 0, 0]],
  ])('keeps the last runs although the clock was %s', async (_where, days) => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOON });
    try {
      for (const [period, day] of days.entries()) {
        vi.setSystemTime(NOON.getTime() + day * DAY);
        for (const run of [0, 1, 2, 3])
          await history.record(someReport({ id: String(4 * period + run), endedAt: new Date() }));
      }
      expect(await ids()).toEqual(Array.from({ length: 12 }, (_, id) => String(id)));
    } finally {
      vi.useRealTimers();
    }
  });

  it('is left as it was by a write that found the disk full after the first bytes', async () => {
    const file = await made();
    const before = readFileSync(file, 'utf8');
    const { writeSync } = fs;
    let isFull = false;
    const changes: object = {
      writeSync: (descriptor: number, data: Buffer) => {
        if (isFull)
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        isFull = data.includes('too much');
        return writeSync(descriptor, isFull ? data.subarray(0, 10) : data);
      },
    };
    replace(fs, changes);
    await expect(history.record(someReport({ id: 'too much' }))).rejects.toThrow(
      `Cannot use the history of ${JOB} in ${file}: ENOSPC: no space left on device, write.`,
    );
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('is read from its end if it is far too long', async () => {
    const file = await made();
    const line = readFileSync(file, 'utf8').split('\n')[1];
    appendFileSync(file, `${line}\n`.repeat(40_000).slice(0, 20_000_000));
    appendFileSync(file, `\n{"x":"${'x'.repeat(10_000_000)}"}\n`);
    await history.recordSkip(JOB);
    expect(statSync(file).size).toBeLessThan(1_000_000);
    expect((await history.read(JOB)).runs.length).toBeLessThanOrEqual(1000);
  });

  it('leaves files with names like its own alone when it is compacted', async () => {
    const file = await made();
    writeFileSync(`${file}.20261126`, 'a copy of somebody');
    appendFileSync(file, 'x'.repeat(70_000));
    await history.recordSkip(JOB);
    expect(statSync(file).size).toBeLessThan(1000);
    expect(readFileSync(`${file}.20261126`, 'utf8')).toBe('a copy of somebody');
    expect(readdirSync(folder)).toHaveLength(2);
  });

  describe('where write(2) writes only a part', () => {
    /** At most this many bytes at once; and then, if the disk is full, nothing. */
    function writesAtMost(bytes: number, isFull: (data: Buffer) => boolean): void {
      const { writeSync } = fs;
      let written = 0;
      const changes: object = {
        writeSync: (descriptor: number, data: Buffer, ...rest: number[]) => {
          if (!Buffer.isBuffer(data)) return writeSync(descriptor, data, ...rest);
          if (written > 0 && isFull(data)) throw NO_SPACE;
          written += 1;
          return writeSync(descriptor, data.subarray(0, bytes));
        },
      };
      replace(fs, changes);
    }
    const NO_SPACE = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

    it('is created and compacted whole', async () => {
      writesAtMost(100, () => false);
      const file = await made();
      appendFileSync(file, 'x'.repeat(70_000));
      await history.record(someReport({ id: 'next' }));
      expect(statSync(file).size).toBeLessThan(5000);
      expect(await ids()).toEqual(['a-token', 'next']);
    });

    it('is not created in part', async () => {
      writesAtMost(10, () => true);
      await expect(history.record(someReport())).rejects.toThrow('ENOSPC');
      expect(readdirSync(folder)).toEqual([]);
    });

    it('keeps what it has if there is no room to compact it, which is no error', async () => {
      const file = await made();
      appendFileSync(file, `${readFileSync(file, 'utf8').split('\n')[1]}\n`.repeat(300));
      const { size } = statSync(file);
      writesAtMost(4096, (data) => data.length > 4096);
      await history.record(someReport({ id: 'next' }));
      expect(statSync(file).size).toBeGreaterThan(size);
      expect((await ids()).at(-1)).toBe('next');
      expect(readdirSync(folder)).toHaveLength(1);
    });
  });

  it('is only for its user, whatever the old file was', async () => {
    const file = await made();
    fs.chmodSync(file, 0o644);
    appendFileSync(file, 'x'.repeat(70_000));
    await history.recordSkip(JOB);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each(
    [
      '',
      '{',
      '{"livinglock":"history","lock":"/run',
      `{"livinglock":"history","lock":"${JOB}","keptBytes":1`,
      `{"livinglock":"history","lock":"${JOB}","keptBytes":12,"oldest":"2026-11-26T12:00:00.000Z"`,
      '\0\0\0\0',
      '\0'.repeat(400_000),
    ].map((left) => [JSON.stringify(left).slice(0, 60), left] as const),
  )(
    'begins again in a file that a crash has left with %s, and until then the list says so',
    async (_shown, left) => {
      const file = await made();
      writeFileSync(file, left);
      expect(await ids()).toEqual([]);
      const onUnreadable = vi.fn();
      expect(await history.list({ onUnreadable })).toEqual([]);
      expect(onUnreadable).toHaveBeenCalledExactlyOnceWith(
        expect.objectContaining({ message: expect.stringContaining('missing or damaged, as after a crash') }),
      );
      await history.record(someReport({ id: 'next' }));
      expect(await ids()).toEqual(['next']);
    },
  );

  it('begins again in a file that ends within a character', async () => {
    const report = someReport({ lock: '/run/répérö.lock' });
    await history.record(report);
    const file = journal();
    truncateSync(file, readFileSync(file).indexOf('é') + 1);
    expect(await history.read(report.lock)).toMatchObject({ runs: [] });
    await history.record(report);
    expect((await history.read(report.lock)).runs).toHaveLength(1);
  });

  it('is refused, and keeps its runs, if only its first line is torn', async () => {
    const file = await made();
    const text = readFileSync(file, 'utf8');
    const torn = `${text.slice(0, 60)}\n${text.slice(text.indexOf('\n') + 1)}`;
    writeFileSync(file, torn);
    for (const call of [history.record(someReport()), history.read(JOB)])
      await expect(call).rejects.toThrow('it contains something else, and was not changed');
    expect(readFileSync(file, 'utf8')).toBe(torn);
  });

  it('is not complained about if it is removed while the folder is listed', async () => {
    const file = await made();
    const { readdirSync: list } = fs;
    const listAndRemove = (...args: Parameters<typeof list>) => {
      const names = list(...args);
      fs.rmSync(file);
      return names;
    };
    replace(fs, { readdirSync: listAndRemove as typeof list });
    const onUnreadable = vi.fn();
    expect(await history.locks({ onUnreadable })).toEqual([]);
    expect(fs.existsSync(file)).toBe(false);
    expect(onUnreadable).not.toHaveBeenCalled();
  });
});

describe.skipIf(process.platform === 'win32')('what is in the place of a journal', () => {
  it.each<[string, string, (file: string) => void]>([
    ['a symbolic link', 'it is a symbolic link', (file) => symlinkSync(join(folder, 'target'), file)],
    ['a FIFO', 'it is not a regular file', (file) => execFileSync('mkfifo', [file])],
    ['a folder', 'it is not a regular file', (file) => mkdirSync(file)],
    ['a hard link', 'it has a second name', (file) => linkSync(join(folder, 'target'), file)],
    [
      'a file of somebody else',
      'it contains something else, and was not changed',
      (file) => writeFileSync(file, 'x,y\n'),
    ],
    [
      'a file of somebody else that begins alike',
      'it contains something else',
      (file) => writeFileSync(file, '{"livinglock":"history","lock":"/run/other'),
    ],
    [
      'a file that begins with many zero bytes',
      'it contains something else',
      (file) => writeFileSync(file, `${'\0'.repeat(400_000)}x`),
    ],
    [
      'a file of more zero bytes than any journal has',
      'it contains something else',
      (file) => {
        writeFileSync(file, '');
        truncateSync(file, 20_000_000);
      },
    ],
    [
      'open to others',
      'other users may write to it',
      (file) => {
        fs.copyFileSync(join(folder, 'target'), file);
        fs.chmodSync(file, 0o620);
      },
    ],
    [
      'the journal of another lock',
      'it contains the history of /other.lock',
      (file) => writeFileSync(file, '{"livinglock":"history","lock":"/other.lock"}\n'),
    ],
  ])('is refused if it is %s, and left alone', async (_what, reason, put) => {
    const file = await made();
    fs.renameSync(file, join(folder, 'target'));
    const before = readFileSync(join(folder, 'target'), 'utf8');
    put(file);
    await history.record(someReport({ lock: '/fine.lock' }));

    for (const call of [
      () => history.record(someReport()),
      () => history.recordSkip(JOB),
      () => history.read(JOB),
    ]) {
      await expect(call()).rejects.toThrow(reason);
      await expect(call()).rejects.toThrow(ErrHistory);
    }
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe(before);
    expect(await history.list()).toMatchObject([{ lock: '/fine.lock' }]);
  });

  it('is left out of the list, which says so', async () => {
    const file = await made();
    await history.record(someReport({ lock: '/fine.lock' }));
    fs.rmSync(file);
    mkdirSync(file);
    const errors: ErrHistory[] = [];
    const onUnreadable = (error: ErrHistory) => void errors.push(error);
    expect(await history.list({ onUnreadable })).toMatchObject([{ lock: '/fine.lock' }]);
    expect(await history.locks({ onUnreadable })).toMatchObject([{ lock: '/fine.lock' }]);
    expect(errors.map(({ path }) => path)).toEqual([file, file]);
    expect(errors[0]).toMatchObject({ message: expect.stringContaining('it is not a regular file') });
  });

  it.skipIf(!isRoot)('is refused if it belongs to another user (as root)', async () => {
    const file = await made();
    fs.chownSync(file, NOBODY, -1);
    for (const call of [history.record(someReport()), history.read(JOB)])
      await expect(call).rejects.toThrow(`it belongs to another user (UID ${NOBODY})`);
  });

  it('is not listed if it is a copy', async () => {
    const file = await made();
    fs.copyFileSync(file, file.replace(/[0-9a-f]{16}/, '0123456789abcdef'));
    expect(await history.list()).toHaveLength(1);
  });
});
