import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CliError } from '../../../src/cli/errors/cli-error.js';
import { isRecorded } from '../../../src/cli/history/is-recorded.js';
import type { RunSettings } from '../../../src/cli/run/options/run-options.js';
import { Recorder } from '../../../src/cli/run/recorder.js';
import type { Locks } from '../../../src/cli/stores/locks.js';
import { openHistory } from '../../../src/history/index.js';
import { Journal } from '../../../src/history/journal.js';
import { acquire, type Lock, systemClock } from '../../../src/index.js';
import { temporaryFolder } from '../../../support/world.js';
import { messages, silentRecorder, someLocks, someOptions } from './stage.js';

afterEach(() => vi.unstubAllEnvs());

describe('a run is recorded', () => {
  const REDIS = { kind: 'redis', text: 'redis://db-1' } as const;

  it.each<[boolean, string, string | undefined, Partial<RunSettings>]>([
    [true, 'backup', undefined, {}],
    [false, './backup.lock', undefined, {}],
    [false, 'backup', undefined, { store: REDIS }],
    [false, 'backup', '', {}],
    [true, './backup.lock', '/srv/history', {}],
    [true, 'backup', '/srv/history', { store: REDIS }],
    [true, './backup.lock', undefined, { history: 'on' }],
    [true, './backup.lock', '', { history: 'on' }],
    [false, 'backup', '/srv/history', { history: 'off' }],
  ])('(%s) under the lock %s, LIVINGLOCK_HISTORY=%s, %j', (is, lock, variable, options) => {
    vi.stubEnv('LIVINGLOCK_HISTORY', variable);
    expect(isRecorded(lock, someOptions(options))).toBe(is);
  });
});

describe('what is recorded', () => {
  let folder: string;
  let locks: Locks;
  let lock: Lock;
  let said: string[];

  beforeEach(async () => {
    folder = join(temporaryFolder(), 'history');
    vi.stubEnv('LIVINGLOCK_HISTORY', folder);
    locks = someLocks();
    lock = await acquire('nightly', { store: locks.store, heartbeatMinimalInterval: 0 });
    said = messages();
  });

  afterEach(() => lock.release().catch(() => {}));

  function recorder(options: Partial<RunSettings> = {}): Recorder {
    return new Recorder({
      name: 'nightly',
      locks,
      command: 'make all',
      options: someOptions(options),
      isRecorded: true,
      descriptors: [],
    });
  }

  const runs = async () => (await openHistory().read('nightly')).runs;

  it('is the run with its lock, and how far it came', async () => {
    const recording = recorder({ owner: 'db-1' });
    recording.begin(lock);
    await lock.heartBeat({ progress: 0.4, note: 'table 4' });
    await recording.beforeRelease();
    await lock.release();
    await recording.ended({ outcome: 'failed', signal: null }, 7);
    expect(await runs()).toMatchObject([
      {
        id: lock.token,
        fencingToken: lock.fencingToken,
        startedAt: lock.acquiredAt,
        outcome: 'failed',
        exitCode: 7,
        command: 'make all',
        owner: 'db-1',
        progress: { ratio: 0.4, note: 'table 4' },
        takenOverFrom: null,
        user: expect.any(String),
      },
    ]);
  });

  it('ends with the command, although a database may hold up the release', async () => {
    let now = 0;
    vi.spyOn(systemClock, 'monotonic').mockImplementation(() => now);
    onTestFinished(() => void vi.restoreAllMocks());
    const recording = recorder();
    recording.begin(null);
    now += 2000;
    await recording.beforeRelease();
    now += 30_000;
    await recording.ended({ outcome: 'succeeded', signal: null }, 0);
    expect(await runs()).toMatchObject([{ duration: 2000 }]);
  });

  it('of a stall is also how far it had come', async () => {
    const recording = recorder();
    recording.begin(lock);
    expect(await recording.stalled('for 1 second')).toBeNull();
    await lock.heartBeat({ progress: 0.4, note: 'table 4' });
    expect(await recording.stalled('for 1 second')).toEqual({ ratio: 0.4, note: 'table 4' });
  });

  it('is not how far the next run has come', async () => {
    const recording = recorder();
    recording.begin(lock);
    await lock.release();
    const next = await acquire('nightly', { store: locks.store, heartbeatMinimalInterval: 0 });
    await next.heartBeat({ progress: 0.9 });
    await recording.beforeRelease();
    await recording.ended({ outcome: 'lost', signal: null }, 76);
    await next.release();
    expect(await runs()).toMatchObject([{ outcome: 'lost', progress: null }]);
  });

  it('is a run although the store does not answer any more', async () => {
    const recording = recorder();
    recording.begin(lock);
    vi.spyOn(locks.store, 'read').mockRejectedValue(new Error('away'));
    await recording.beforeRelease();
    await recording.ended({ outcome: 'succeeded', signal: null }, 0);
    expect(await runs()).toMatchObject([{ outcome: 'succeeded', progress: null }]);
  });

  it('is why the command could not be started, unless that might say what a label hides', async () => {
    const error = new CliError(127, 'There is no command mysql -psecret.');
    const end = { outcome: 'not-started', signal: null } as const;
    await recorder().failed(error, end);
    await recorder({ label: 'dump' }).failed(error, end);
    await recorder().failed(new Error('away'), end);
    expect(await runs()).toMatchObject([
      { outcome: 'not-started', exitCode: 127, reason: error.message, id: null },
      { outcome: 'not-started', exitCode: 127, reason: null },
      { exitCode: 73, reason: 'away' },
    ]);
  });

  it('is how many attempts were skipped', async () => {
    await recorder().skipped('held', 75);
    await recorder().skipped('held', 75);
    expect(await openHistory().read('nightly')).toMatchObject({ runs: [], skips: { count: 2 } });
  });

  it('is under which database the lock is kept', async () => {
    locks = someLocks({ database: 'Redis at db-1' });
    await recorder().ended({ outcome: 'succeeded', signal: null }, 0);
    expect((await openHistory().read('nightly', { store: 'Redis at db-1' })).runs).toHaveLength(1);
  });

  it.skipIf(process.platform === 'win32')(
    'is missing where it cannot be written, which is one message',
    async () => {
      vi.stubEnv('LIVINGLOCK_HISTORY', '/dev/null/history');
      const recording = recorder();
      recording.begin(lock);
      await recording.skipped('held', 75);
      await recording.ended({ outcome: 'succeeded', signal: null }, 0);
      expect(said).toEqual([
        expect.stringMatching(
          /missing from the history: Cannot use .*\/dev\/null.*--no-history turns it off\.\n$/,
        ),
      ]);
    },
  );

  it.each<[number, Partial<RunSettings>, string]>([
    [0, { quiet: true }, ''],
    [1, { quiet: false }, ''],
    [1, { quiet: true, history: 'on' }, ''],
    [1, { quiet: true }, '/dev/null/history'],
  ])('is missing with %i messages for %j and LIVINGLOCK_HISTORY=%s', async (count, options, variable) => {
    vi.stubEnv('LIVINGLOCK_HISTORY', variable);
    vi.stubEnv('LIVINGLOCK_DIR', '/dev/null');
    await recorder(options).skipped('held', 75);
    expect(said).toHaveLength(count);
  });

  it('is given up after a short while if another process is in the way, and at once the next time', async () => {
    const append = vi.spyOn(Journal.prototype, 'append').mockRejectedValue(new Error('busy'));
    onTestFinished(() => append.mockRestore());
    const recording = recorder();
    await recording.skipped('held', 75);
    await recording.skipped('held', 75);
    expect(append.mock.calls.map(([, , timeout]) => timeout)).toEqual([200, 0]);
  });

  it('is nothing unless it is to be recorded', async () => {
    const recording = silentRecorder();
    recording.begin(lock);
    expect(recording.knowsPredecessor).toBe(false);
    await recording.recordPredecessor();
    recording.started();
    await recording.beforeRelease();
    await recording.skipped('held', 75);
    await recording.ended({ outcome: 'succeeded', signal: null }, 0);
    expect(await openHistory().list()).toEqual([]);
  });
});
