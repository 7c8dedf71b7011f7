import childProcess from 'node:child_process';
import fs, { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Job } from '../../../src/cli/run/job.js';
import type { RunSettings } from '../../../src/cli/run/options/run-options.js';
import { KeptOutput } from '../../../src/cli/run/output/kept/kept-output.js';
import { RunLog } from '../../../src/cli/run/output/kept/run-log.js';
import { Signals } from '../../../src/cli/run/processes/pass-signals.js';
import { StallWatch } from '../../../src/cli/run/proof/stall-watch.js';
import type { Recorder } from '../../../src/cli/run/recorder.js';
import { CommandSign } from '../../../src/cli/run/sign/command-sign.js';
import type { InheritedSocket } from '../../../src/cli/run/sign/inherited-socket.js';
import { Supervision } from '../../../src/cli/run/supervision.js';
import type { Locks } from '../../../src/cli/stores/locks.js';
import { acquire, breakLock, ErrLockLost, ErrLockStore, type Lock } from '../../../src/index.js';
import { replace } from '../../../support/replace.js';
import { HOUR, MINUTE, temporaryFolder } from '../../../support/world.js';
import { messages, silentRecorder, someLocks, someOptions, terminals } from './stage.js';

describe.skipIf(process.platform === 'win32')('a run', () => {
  let locks: Locks;
  let lock: Lock;
  let signals: Signals;
  let said: string[];
  let folder: string;

  beforeEach(async () => {
    terminals();
    said = messages();
    folder = temporaryFolder();
    locks = someLocks();
    lock = await acquire('nightly', { store: locks.store, staleTimeout: HOUR, heartbeatMinimalInterval: 0 });
    signals = new Signals(false);
    onTestFinished(() => signals.stopListening());
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await lock.release().catch(() => {});
  });

  function supervision(
    script: string,
    options: Partial<RunSettings> = {},
    job: Partial<Job> = {},
  ): Supervision {
    // A shell reports that what it waited for was ended.
    const command = ['/bin/sh', '-c', `exec 2> /dev/null; ${script}`, folder];
    return new Supervision({
      lock,
      name: 'nightly',
      locks,
      command,
      options: someOptions({ heartbeatInterval: 1000, ...options }),
      signals,
      descriptors: [],
      leaveInput: () => {},
      inheritedSocket: null,
      commandSign: new CommandSign(),
      recorder: silentRecorder(),
      output: null,
      ...job,
    });
  }

  const statusOf = (...args: Parameters<typeof supervision>) => supervision(...args).toTheEnd();
  const isHeld = async () => (await locks.store.read('nightly')) !== null;

  /** Resolves when the script has made that file in its folder (`$0`). */
  function made(file: string): Promise<void> {
    return vi.waitFor(() => expect(existsSync(join(folder, file))).toBe(true), { timeout: 20_000 });
  }

  /** A signal for the runner. Whatever runs the tests listens as well. */
  function deliver(signal: NodeJS.Signals): void {
    const listener = process.listeners(signal).at(-1);
    if (listener !== undefined) Reflect.apply(listener, process, [signal]);
  }

  it('ends with the status of its command, and releases the lock', async () => {
    expect(await statusOf('exit 3')).toBe(3);
    expect(await isHeld()).toBe(false);
    expect(said).toEqual([]);
  });

  it('tells its command about the lock', async () => {
    locks = someLocks({ store: locks.store, address: 'redis://db-1' });
    await statusOf('env > "$0/env"');
    const env = new Map(
      readFileSync(join(folder, 'env'), 'utf8')
        .split('\n')
        .map((line) => [line.replace(/=.*/, ''), line.replace(/^[^=]*=/, '')]),
    );
    expect(Object.fromEntries([...env].filter(([name]) => name?.startsWith('LIVINGLOCK_')))).toMatchObject({
      LIVINGLOCK_PATH: 'nightly',
      LIVINGLOCK_HELD_IN: 'redis://db-1',
      LIVINGLOCK_RUNNER: String(process.pid),
      LIVINGLOCK_TOKEN: lock.token,
      LIVINGLOCK_FENCING_TOKEN: String(lock.fencingToken),
      LIVINGLOCK_NODE: process.execPath,
    });
    expect(env.get('PATH')).toBe(process.env['PATH']);
    expect(env.get('LIVINGLOCK')).toContain('livinglock');
  });

  it('runs without the lock by force', async () => {
    expect(await statusOf('[ "$LIVINGLOCK_TOKEN$LIVINGLOCK_FENCING_TOKEN" = "" ]', {}, { lock: null })).toBe(
      0,
    );
    expect(await isHeld()).toBe(true);
  });

  it('names the group of its command in the lock before that begins', async () => {
    const running = statusOf('touch "$0/begun"; while [ -d "$0" ] && [ ! -e "$0/end" ]; do sleep 0.01; done');
    await made('begun');
    const stored = await locks.store.read('nightly');
    expect(stored?.record?.workers).toEqual([expect.objectContaining({ group: true })]);
    writeFileSync(join(folder, 'end'), '');
    expect(await running).toBe(0);
  });

  it('holds the lock for what its command has left running', async () => {
    const running = statusOf(
      '(while [ -d "$0" ] && [ ! -e "$0/end" ]; do sleep 0.01; done; touch "$0/last") & exit 4',
    );
    await vi.waitFor(async () => {
      const stored = await locks.store.read('nightly');
      expect(stored?.record?.workers).toHaveLength(1);
    });
    writeFileSync(join(folder, 'end'), '');
    expect(await running).toBe(4);
    expect(existsSync(join(folder, 'last'))).toBe(true);
  });

  it('runs nothing if a signal came before, and releases the lock', async () => {
    deliver('SIGTERM');
    expect(await statusOf('touch "$0/begun"')).toBe(143);
    expect(existsSync(join(folder, 'begun'))).toBe(false);
    expect(await isHeld()).toBe(false);
  });

  it('passes signals on to its command', async () => {
    const running = statusOf('trap "exit 9" TERM; touch "$0/begun"; while [ -d "$0" ]; do sleep 0.01; done');
    await made('begun');
    deliver('SIGTERM');
    expect(await running).toBe(9);
    expect(said).toEqual([]);
  });

  it('releases the lock if the command cannot be started', async () => {
    const starting = statusOf('', {}, { descriptors: [3, 4, 5, 6, 7, 8, 9] });
    await expect(starting).rejects.toMatchObject({
      exitCode: 126,
      message: expect.stringMatching(/^Cannot start \/bin\/sh: one of the file descriptors .*\.$/),
    });
    expect(await isHeld()).toBe(false);
  });

  function noSocket(): InheritedSocket {
    return { name: 'x', descriptor: 2, inode: 0n, close: () => {}, renew: async () => {} };
  }

  it('passes a signal on that comes while its command is being started', async () => {
    const commandSign = new CommandSign();
    vi.spyOn(commandSign, 'begin').mockImplementation(async () => {
      deliver('SIGTERM');
      return false;
    });
    expect(await statusOf('sleep 1000', {}, { commandSign })).toBe(143);
  });

  it('ends its command if the runner fails, and releases the lock only then', async () => {
    const recorder = silentRecorder();
    vi.spyOn(recorder, 'started').mockImplementation(() => {
      while (!existsSync(join(folder, 'begun')));
      throw new Error('broken');
    });
    const script =
      'trap "sleep 0.3; touch $0/cleaned; exit" TERM; touch "$0/begun"; while :; do sleep 0.01; done';
    await expect(statusOf(script, {}, { recorder })).rejects.toThrow('broken');
    expect(existsSync(join(folder, 'cleaned'))).toBe(true);
    expect(said).toEqual([
      expect.stringContaining('The runner has failed, and is ending the command: broken'),
    ]);
    expect(await isHeld()).toBe(false);
  });

  it('names its command soon, although that has failed and the next heartbeat is far', async () => {
    const store = someLocks().store;
    const slow = await acquire('slow', { store, staleTimeout: HOUR, heartbeatMinimalInterval: HOUR / 2 });
    const error = new ErrLockStore('slow', 'ENOSPC', 'no space.');
    const setWorkers = vi.spyOn(slow, 'setWorkers').mockRejectedValueOnce(error).mockRejectedValueOnce(error);
    const running = statusOf(
      'while [ -d "$0" ] && [ ! -e "$0/end" ]; do sleep 0.01; done',
      { heartbeatInterval: HOUR / 2 },
      { lock: slow, inheritedSocket: noSocket() },
    );
    await vi.waitFor(
      async () => {
        const stored = await store.read('slow');
        expect(stored?.record?.workers).toEqual([expect.objectContaining({ group: true })]);
      },
      { timeout: 20_000 },
    );
    expect(setWorkers).toHaveBeenCalledTimes(3);
    writeFileSync(join(folder, 'end'), '');
    expect(await running).toBe(0);
    expect(said).toEqual([expect.stringContaining('no space.')]);
  });

  it('closes the socket here once the group is named', async () => {
    const close = vi.fn();
    expect(await statusOf('exit 0', {}, { inheritedSocket: { ...noSocket(), close } })).toBe(0);
    expect(close).toHaveBeenCalled();
  });

  describe('with retries', () => {
    const SOON = { retry: 2, retryDelay: 0 };

    it('repeats a command that fails, under the same lock', async () => {
      const count = 'echo "$LIVINGLOCK_TOKEN" >> "$0/tokens"; [ "$(wc -l < "$0/tokens")" -eq 2 ]';
      expect(await statusOf(count, SOON)).toBe(0);
      expect(readFileSync(join(folder, 'tokens'), 'utf8')).toBe(`${lock.token}\n${lock.token}\n`);
      expect(await isHeld()).toBe(false);
    });

    it('has the status of the last attempt', async () => {
      expect(await statusOf('echo >> "$0/count"; exit "$(wc -l < "$0/count")"', SOON)).toBe(3);
    });

    it('does not begin again if a signal comes while the lock is prepared for that', async () => {
      const renew = async () => deliver('SIGTERM');
      const status = statusOf('echo >> "$0/count"; exit 1', SOON, {
        inheritedSocket: { ...noSocket(), renew },
      });
      expect(await status).toBe(143);
      expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('\n');
    });

    it('names this process and a new socket in the lock during the pause and before each further attempt', async () => {
      const steps: unknown[] = [];
      const setWorkers = vi.spyOn(lock, 'setWorkers').mockImplementation(async (workers) => {
        steps.push(workers);
      });
      const renew = async () => {
        steps.push('renew');
      };
      // A recorder that records a predecessor may be slow, so the lock is confirmed after that, too.
      const recorder = silentRecorder();
      vi.spyOn(recorder, 'knowsPredecessor', 'get').mockReturnValue(true);
      vi.spyOn(recorder, 'recordPredecessor').mockResolvedValue();
      await statusOf('exit 1', SOON, { inheritedSocket: { ...noSocket(), renew }, recorder });
      setWorkers.mockRestore();
      const group = [{ group: expect.any(Number) }];
      const paused = ['renew', [process.pid]];
      const begun = [[process.pid], 'renew', [process.pid], group];
      expect(steps).toEqual([[], group, ...paused, ...begun, ...paused, ...begun]);
    });

    it('repeats a command that has taken too long', async () => {
      const line = 'echo >> "$0/count"; [ "$(wc -l < "$0/count")" -eq 2 ] || exec sleep 1000';
      expect(await statusOf(line, { ...SOON, timeout: 500 })).toBe(0);
    });

    it('does not repeat after a signal for the runner', async () => {
      const running = statusOf('echo >> "$0/count"; trap "exit 5" TERM; while :; do sleep 0.01; done', SOON);
      await made('count');
      deliver('SIGTERM');
      expect(await running).toBe(5);
      expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('\n');
    });

    describe('while an attempt is recorded', () => {
      function recorderDuring(happens: () => unknown): Recorder {
        const recorder = silentRecorder();
        vi.spyOn(recorder, 'attempted').mockImplementation(async () => void (await happens()));
        return recorder;
      }

      it.each([true, false])(
        'may lose its lock, and does not start again: with a socket: %s',
        async (hasSocket) => {
          const recorder = recorderDuring(() => locks.store.remove('nightly', lock.token));
          const job = { recorder, inheritedSocket: hasSocket ? noSocket() : null };
          const run = supervision('echo >> "$0/count"; exit 5', SOON, job);
          expect(await run.toTheEnd()).toBe(76);
          expect(run.end.outcome).toBe('lost');
          expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('\n');
        },
      );

      it('may come to count its lock as lost, and does not start again', async () => {
        const loss = new ErrLockLost('nightly', null, { since: MINUTE, cause: undefined });
        const recorder = recorderDuring(() => {
          vi.spyOn(lock, 'signal', 'get').mockReturnValue(AbortSignal.abort(loss));
          vi.spyOn(lock, 'release').mockRejectedValueOnce(loss);
        });
        const run = supervision('exit 5', SOON, { recorder });
        expect(await run.toTheEnd()).toBe(76);
        expect(run.end).toMatchObject({ outcome: 'lost', reason: loss.message });
      });
    });

    it('is ended by a signal between two attempts', async () => {
      const running = supervision('echo >> "$0/count"; exit 5', { retry: 1, retryDelay: HOUR });
      const status = running.toTheEnd();
      await vi.waitFor(() => expect(running.end.outcome).toBe('failed'), { timeout: 20_000 });
      deliver('SIGTERM');
      expect(await status).toBe(143);
      expect(running.end).toMatchObject({ outcome: 'not-started', signal: 'SIGTERM' });
      expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('\n');
      expect(await isHeld()).toBe(false);
    });

    it('does not start again without its lock', async () => {
      const running = supervision('echo >> "$0/count"; exit 5', { retry: 1, retryDelay: HOUR });
      const status = running.toTheEnd();
      await vi.waitFor(() => expect(running.end.outcome).toBe('failed'), { timeout: 20_000 });
      await breakLock('nightly', { store: locks.store, force: true });
      await lock.heartBeat().catch(() => {});
      expect(await status).toBe(76);
      expect(running.end).toMatchObject({ outcome: 'lost', reason: expect.stringContaining('was lost') });
      expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('\n');
      // There is no command to be ended.
      expect(said).toEqual([expect.stringMatching(/was lost.*no longer exclusive\.\n$/)]);
    });
  });

  it('ends a command that takes too long', async () => {
    expect(await statusOf('while [ -d "$0" ]; do sleep 0.01; done', { timeout: 50 })).toBe(124);
    expect(said).toEqual([
      expect.stringContaining('has reached its time limit of 50 ms (--timeout). Ending it.'),
    ]);
    expect(await isHeld()).toBe(false);
  });

  it('kills a command that ignores SIGTERM', async () => {
    expect(
      await statusOf('trap "" TERM; while [ -d "$0" ]; do sleep 0.01; done', { timeout: 200, killAfter: 50 }),
    ).toBe(124);
  });

  it('ends a command that has stalled, and says what would have been a proof', async () => {
    const options = { proof: { by: 'output' }, staleTimeout: 100, heartbeatInterval: 10 } as const;
    expect(await statusOf('while [ -d "$0" ]; do sleep 0.01; done', options)).toBe(124);
    expect(said).toEqual([
      expect.stringMatching(/has stalled: it has not written anything for \d+ ms\. Ending it\. .*python -u/),
    ]);
  });

  it('only says that a command has stalled on request', async () => {
    const options = {
      proof: { by: 'output' },
      staleTimeout: 100,
      heartbeatInterval: 10,
      onStall: 'warn',
    } as const;
    const running = statusOf('while [ -d "$0" ] && [ ! -e "$0/end" ]; do sleep 0.01; done; exit 6', options);
    await vi.waitFor(() => expect(said).toHaveLength(1), { timeout: 20_000 });
    writeFileSync(join(folder, 'end'), '');
    expect(await running).toBe(6);
    expect(said).toEqual([
      expect.stringContaining('It keeps running (--on-stall warn), and the next run may take over.'),
    ]);
  });

  it('takes output for work', async () => {
    const options = { proof: { by: 'output' }, staleTimeout: HOUR } as const;
    const beat = vi.spyOn(lock, 'heartBeat');
    await statusOf('printf " "', options);
    expect(beat).toHaveBeenCalled();
  });

  it('ends a command whose lock is lost, once, and says who has it', async () => {
    const running = statusOf('touch "$0/begun"; while [ -d "$0" ]; do sleep 0.01; done', {
      proof: { by: 'manual' },
      staleTimeout: HOUR,
    });
    await made('begun');
    await locks.store.remove('nightly', lock.token);
    await lock.heartBeat().catch(() => {});
    expect(await running).toBe(76);
    expect(said).toEqual([expect.stringMatching(/nightly was lost: .*Ending the command\.\n$/)]);
  });

  it('says nothing of a stall or a time limit that it reaches while it is being ended', async () => {
    const told = 'trap "touch \\"$0/told\\"" TERM';
    const running = statusOf(`${told}; touch "$0/begun"; while [ ! -e "$0/end" ]; do sleep 0.01; done`, {
      proof: { by: 'output' },
      staleTimeout: 400,
      heartbeatInterval: 200,
      timeout: 500,
      killAfter: HOUR,
    });
    await made('begun');
    await locks.store.remove('nightly', lock.token);
    await lock.heartBeat().catch(() => {});
    await made('told');
    const checks = vi.spyOn(StallWatch.prototype, 'silence', 'get');
    await vi.waitFor(() => expect(checks.mock.results.some(({ value }) => value > 1000)).toBe(true), {
      timeout: 20_000,
    });
    writeFileSync(join(folder, 'end'), '');
    expect(await running).toBe(76);
    expect(said).toEqual([expect.stringMatching(/nightly was lost: .*Ending the command\.\n$/)]);
  });

  it('says that the lock was lost when it turns out at the release', async () => {
    vi.spyOn(lock, 'release').mockRejectedValueOnce(new ErrLockLost('nightly', null));
    expect(await statusOf('exit 0')).toBe(76);
    expect(said).toEqual([expect.stringMatching(/nightly was lost: .*no longer exclusive\.\n$/)]);
  });

  it('ends with the status of its command if the lock cannot be released', async () => {
    const error = new ErrLockStore('nightly', 'EIO', 'made up', { isInDoubt: false });
    vi.spyOn(lock, 'release').mockRejectedValueOnce(error);
    expect(await statusOf('exit 5')).toBe(5);
    expect(said).toEqual([
      expect.stringMatching(/The command has exited with 5\. The next run takes over its lock\./),
    ]);
  });

  it('whose lock in a database cannot be released says who can take it', async () => {
    const error = new ErrLockStore('nightly', 'EIO', 'made up', { isInDoubt: false });
    vi.spyOn(lock, 'release').mockRejectedValueOnce(error);
    expect(await statusOf('exit 5', { store: { kind: 'redis', text: 'redis://db-1' } })).toBe(5);
    expect(said).toEqual([expect.stringMatching(/The next run on this machine .* once it is stale\./)]);
  });

  it.each([
    [new ErrLockStore('nightly', 'EIO', 'Made up.', { isInDoubt: false }), ' The last error: Made up.'],
    [undefined, ''],
  ])(
    'ends with the status of its command if the lock only counts as lost while it is released: %s',
    async (cause, why) => {
      const loss = new ErrLockLost('nightly', null, { since: MINUTE, cause });
      vi.spyOn(lock, 'release').mockRejectedValueOnce(loss);
      const run = supervision('exit 5');
      expect(await run.toTheEnd()).toBe(5);
      expect(run.end.outcome).toBe('failed');
      const what = `Cannot release the lock nightly: its store does not answer.${why} The command has exited with 5.`;
      expect(said).toEqual([expect.stringContaining(what)]);
    },
  );

  it('fails with any other error of the release', async () => {
    const error = new Error('made up');
    vi.spyOn(lock, 'release').mockRejectedValueOnce(error);
    await expect(statusOf('exit 5')).rejects.toBe(error);
  });

  it('does not begin if the group cannot be named', async () => {
    const error = new ErrLockStore('nightly', 'EIO', 'made up', { isInDoubt: false });
    vi.spyOn(lock, 'setWorkers').mockRejectedValueOnce(error);
    await expect(statusOf('touch "$0/begun"')).rejects.toBe(error);
    expect(existsSync(join(folder, 'begun'))).toBe(false);
  });

  it('goes on if the group cannot be named but the socket shows that it lives', async () => {
    const error = new ErrLockStore('nightly', 'EIO', 'made up', { isInDoubt: false });
    vi.spyOn(lock, 'setWorkers').mockRejectedValueOnce(error);
    expect(await statusOf('exit 8', {}, { inheritedSocket: noSocket() })).toBe(8);
    expect(said).toEqual([expect.stringContaining(error.message)]);
  });

  it('says nothing if its command has ended before it could be named', async () => {
    vi.spyOn(lock, 'setWorkers').mockRejectedValueOnce(new RangeError('It has ended.'));
    expect(await statusOf('exit 8')).toBe(8);
    expect(said).toEqual([]);
  });

  it('ends a command whose lock is lost while it is started', async () => {
    const commandSign = new CommandSign();
    vi.spyOn(commandSign, 'tell').mockImplementation(() => {
      vi.spyOn(lock, 'signal', 'get').mockReturnValue(AbortSignal.abort(new ErrLockLost('nightly', null)));
    });
    expect(await statusOf('touch "$0/begun"; exec sleep 1000', {}, { commandSign })).toBe(76);
    expect(existsSync(join(folder, 'begun'))).toBe(false);
  });

  it('starts nothing if its lock is lost while the keeper of its sign is started', async () => {
    const commandSign = new CommandSign();
    vi.spyOn(commandSign, 'begin').mockImplementation(async () => {
      await locks.store.remove('nightly', lock.token);
      return true;
    });
    expect(await statusOf('touch "$0/begun"', {}, { commandSign })).toBe(76);
    expect(existsSync(join(folder, 'begun'))).toBe(false);
  });

  it('starts nothing if its lock is lost while the pipes for its output are made', async () => {
    const { spawnSync } = childProcess;
    const makeLate: object = {
      spawnSync: (program: string, args: readonly string[]) => {
        const made = spawnSync(program, args);
        void locks.store.remove('nightly', lock.token);
        return made;
      },
    };
    replace(childProcess, makeLate);
    terminals();
    const run = supervision('touch "$0/begun"', { proof: { by: 'output' } }, { inheritedSocket: noSocket() });
    expect(await run.toTheEnd()).toBe(76);
    expect(run.end.outcome).toBe('not-started');
    expect(existsSync(join(folder, 'begun'))).toBe(false);
  });

  it('starts nothing if its lock is lost while a folder is made for the path by which it is called back', async () => {
    const { accessSync, mkdtempSync } = fs;
    const makeLate: object = {
      accessSync(...args: Parameters<typeof accessSync>) {
        if (String(args[0]).endsWith('livinglock.sh')) throw new Error('not executable');
        accessSync(...args);
      },
      mkdtempSync(prefix: string) {
        void locks.store.remove('nightly', lock.token);
        return mkdtempSync(prefix);
      },
    };
    replace(fs, makeLate);
    const run = supervision('touch "$0/begun"', {}, { inheritedSocket: noSocket() });
    expect(await run.toTheEnd()).toBe(76);
    expect(run.end.outcome).toBe('not-started');
    expect(existsSync(join(folder, 'begun'))).toBe(false);
  });

  it.each([0, 1])('opens all that holds output back before its command starts: %s retries', async (retry) => {
    vi.stubEnv('LIVINGLOCK_HISTORY', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const output = { passOn: 'on-failure', log: null } as const;
    const order: string[] = [];
    const kept = keptBy(output);
    const { openSync } = fs;
    const watched: object = {
      openSync: (...args: Parameters<typeof openSync>) => {
        if (String(args[0]).endsWith('.tmp')) order.push('opened');
        return openSync(...args);
      },
    };
    replace(fs, watched);
    const setWorkers = lock.setWorkers.bind(lock);
    vi.spyOn(lock, 'setWorkers').mockImplementation((workers) => {
      if (workers.length > 0) order.push('started');
      return setWorkers(workers);
    });
    await statusOf('echo out; exit 4', { output, retry, retryDelay: 0 }, { output: kept });
    expect(order.slice(0, order.indexOf('started'))).toContain('opened');
    expect(order.at(-1)).toBe('started');
  });

  it.each([
    { passOn: 'never', status: 0 },
    { passOn: 'always', status: 141 },
  ] as const)('does not wait for a log that hangs after a signal: $passOn', async ({ passOn, status }) => {
    const log = { path: `${folder}/logs/`, keep: 1, size: 1000 };
    const hang = vi.spyOn(RunLog.prototype, 'write').mockImplementation(() => new Promise(() => {}));
    const script = 'trap "" TERM; echo out; touch "$0/end"';
    const run = statusOf(script, {}, { output: keptBy({ passOn, log }) });
    await made('end');
    await vi.waitFor(() => expect(hang).toHaveBeenCalled());
    // Until the command is gone, it ignores them.
    const signalling = setInterval(() => deliver('SIGTERM'), 10);
    onTestFinished(() => clearInterval(signalling));
    expect(await run).toBe(status);
  });

  function keptBy(output: RunSettings['output']): KeptOutput {
    const owner = { lock: 'nightly', store: null };
    return new KeptOutput(someOptions({ output }), {
      owner,
      startedAt: new Date(),
      token: lock.token,
      isBeside: false,
    });
  }

  describe('that has taken its lock over', () => {
    /** Records whom it was taken over from, while this happens. */
    function recorderDuring(happens: () => unknown): Recorder {
      const recorder = silentRecorder();
      vi.spyOn(recorder, 'knowsPredecessor', 'get').mockReturnValue(true);
      vi.spyOn(recorder, 'recordPredecessor').mockImplementation(async () => void (await happens()));
      return recorder;
    }

    it('starts nothing if the lock is lost while that is recorded, even if the store is slow', async () => {
      const { store } = locks;
      const beat = store.beat.bind(store);
      vi.spyOn(store, 'beat').mockImplementation(async (...args) => {
        for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate);
        return beat(...args);
      });
      const recorder = recorderDuring(() => store.remove('nightly', lock.token));
      // With a socket, the command begins as soon as it is started.
      const job = { recorder, inheritedSocket: noSocket() };
      const run = supervision('touch "$0/begun"', {}, job);
      expect(await run.toTheEnd()).toBe(76);
      expect(run.end.outcome).toBe('not-started');
      expect(existsSync(join(folder, 'begun'))).toBe(false);
      expect(said).toEqual([expect.stringMatching(/nightly was lost: .*The command was not started\.\n$/)]);
    });

    it('receives other signals meanwhile', async () => {
      const recorder = recorderDuring(() => deliver('SIGTERM'));
      expect(await statusOf('exit 3', {}, { recorder })).toBe(143);
    });
  });

  it('leaves keyboard signals to the terminal that both are on', async () => {
    terminals(0);
    const running = statusOf(
      'trap "exit 9" INT; trap "exit 10" TERM; touch "$0/begun"; while [ -d "$0" ]; do sleep 0.01; done',
    );
    await made('begun');
    // Until then the command may not have been able to receive what the keyboard sent.
    for (let turns = 0; turns < 2; turns++) await new Promise(setImmediate);
    deliver('SIGINT');
    deliver('SIGTERM');
    expect(await running).toBe(10);
  });

  it('has a time limit that does not outlast its command', async () => {
    expect(await statusOf('exit 0', { timeout: MINUTE })).toBe(0);
  });
});
