import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunSettings } from '../../../src/cli/run/options/run-options.js';
import { KeptOutput } from '../../../src/cli/run/output/kept/kept-output.js';
import { RunLog } from '../../../src/cli/run/output/kept/run-log.js';
import { run as runWith } from '../../../src/cli/run/run.js';
import { openHistory } from '../../../src/history/index.js';
import { acquire, systemClock } from '../../../src/index.js';
import { HOUR, temporaryFolder } from '../../../support/world.js';
import { messages, someOptions, terminals } from './stage.js';

/** Nothing that these tests were started with is for the command. */
const run = (lock: string, command: readonly string[], options: RunSettings) =>
  runWith(lock, command, options, { descriptors: [], leaveInput: () => {} });

describe.skipIf(process.platform === 'win32')('a run of a command', () => {
  let folder: string;
  let lock: string;
  let said: string[];

  beforeEach(() => {
    folder = temporaryFolder();
    lock = join(folder, 'job.lock');
    said = messages();
    terminals();
  });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  function statusOf(script: string, options: Partial<RunSettings> = {}): Promise<number> {
    return run(lock, ['/bin/sh', '-c', script, folder], someOptions(options));
  }

  it('holds the lock meanwhile, and leaves nothing behind', async () => {
    // In the sources, proper-lockfile listens from when it is loaded. The package is built without that.
    await import('../../../src/stores/file/file-store.js');
    const listeners = process.listenerCount('SIGTERM');
    expect(await statusOf('cat "$0/job.lock" > "$0/copy"; exit 7')).toBe(7);
    expect(JSON.parse(readFileSync(join(folder, 'copy'), 'utf8'))).toMatchObject({ process_id: process.pid });
    expect(readdirSync(folder)).toEqual(['copy']);
    expect(process.listenerCount('SIGTERM')).toBe(listeners);
    expect(said).toEqual([]);
  });

  it('has released its lock when its log is closed', async () => {
    const complete = vi.spyOn(KeptOutput.prototype, 'complete');
    const close = vi.spyOn(RunLog.prototype, 'close').mockImplementation(async () => {
      expect(readdirSync(folder)).not.toContain('job.lock');
    });
    const log = { path: join(folder, 'log'), keep: 1, size: 1000 };
    expect(await statusOf('echo out; exit 7', { output: { passOn: 'never', log } })).toBe(7);
    expect(complete).toHaveBeenCalledOnce();
    expect(close).toHaveBeenCalledOnce();
  });

  it('does not happen while another one has the lock', async () => {
    const other = await acquire(lock);
    expect(await statusOf('touch "$0/begun"', { conflictExitCode: 9 })).toBe(9);
    await other.release();
    expect(readdirSync(folder)).not.toContain('begun');
    expect(said).toEqual([expect.stringContaining('is held by')]);
  });

  it('begins after the pause of --jitter, which is without the lock', async () => {
    vi.stubEnv('LIVINGLOCK_HISTORY', join(folder, 'history'));
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { sleep: realSleep } = systemClock;
    let resumedAt = Number.POSITIVE_INFINITY;
    // Others sleep by this clock, too.
    vi.spyOn(systemClock, 'sleep').mockImplementation(async (duration, options) => {
      if (duration !== HOUR / 2) return realSleep(duration, options);
      // The system's clock may be coarse.
      await sleep(50);
      expect(readdirSync(folder)).toEqual([]);
      resumedAt = Date.now();
    });
    expect(await statusOf('exit 0', { jitter: HOUR, history: 'on' })).toBe(0);
    const [pastRun] = (await openHistory().read(lock)).runs;
    expect(pastRun?.startedAt.getTime()).toBeGreaterThanOrEqual(resumedAt);
  });

  it('needs a program, before anything is locked', async () => {
    await expect(run(lock, ['/no/program'], someOptions())).rejects.toThrow('There is no file /no/program');
    await expect(run(lock, [], someOptions())).rejects.toThrow('The command to run must not be empty');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('has messages that name its label', async () => {
    expect(await statusOf('exit 0', { label: 'nightly', isStallUnseen: true })).toBe(0);
    expect(said).toEqual([
      expect.stringMatching(/livinglock: nightly: With --stale-timeout alone .*not noticed/),
    ]);
  });

  it('has messages that name its lock, if it has no label', async () => {
    expect(await statusOf('exit 0', { isStallUnseen: true })).toBe(0);
    expect(said).toEqual([expect.stringContaining(`livinglock: ${lock}: With --stale-timeout alone`)]);
  });

  it('gives no hints on request', async () => {
    expect(await statusOf('exit 0', { isStallUnseen: true, quiet: true })).toBe(0);
    expect(said).toEqual([]);
  });

  it('with a name that looks like a file is told where the lock is', async () => {
    vi.stubEnv('LIVINGLOCK_DIR', folder);
    lock = 'job.lock';
    const options = { label: 'nightly' };
    expect(await statusOf('exit 0', options)).toBe(0);
    expect(said).toEqual([expect.stringContaining('./job.lock')]);
    expect(await statusOf('exit 0', { ...options, quiet: true })).toBe(0);
    expect(said).toHaveLength(1);
  });

  it('fails where the lock is a file of somebody else, and leaves that alone', async () => {
    writeFileSync(lock, 'name,price\n');
    await expect(statusOf('touch "$0/begun"')).rejects.toMatchObject({ code: 'ERR_NOT_A_LOCK' });
    expect(readFileSync(lock, 'utf8')).toBe('name,price\n');
    expect(readdirSync(folder)).toEqual(['job.lock']);
  });

  it('is not recorded under a name that no database keeps', async () => {
    vi.stubEnv('LIVINGLOCK_HISTORY', folder);
    const options = someOptions({ history: 'on', store: { kind: 'redis', text: 'redis://127.0.0.1:1' } });
    await expect(run('y'.repeat(300), ['/no/program'], options)).rejects.toThrow('There is no file');
    expect(await openHistory().locks()).toEqual([]);
  });

  it('connects to no database to record that there is no such command', async () => {
    vi.stubEnv('LIVINGLOCK_HISTORY', folder);
    const store = { kind: 'redis', text: 'redis://127.0.0.1:1' } as const;
    const options = someOptions({ history: 'on', store });
    await expect(run('nightly', ['/no/program'], options)).rejects.toThrow('There is no file /no/program');
    const { runs } = await openHistory().read('nightly', { store: 'Redis at 127.0.0.1:1' });
    expect(runs).toMatchObject([{ outcome: 'not-started', exitCode: 127 }]);
  });
});
