import { chmodSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { systemFileSystem } from '../src/stores/file/file-system.js';
import { isLocal } from '../src/stores/file/file-system-type.js';
import { LinuxProbe } from '../src/system/processes/linux.js';
import { type Actor, startActor } from '../support/actors.js';
import {
  canBeNobody,
  canMount,
  canUnshare,
  isInInitialPidNamespace,
  isPosix,
  NOBODY,
  temporaryFolder,
} from '../support/machine.js';
import { type Outcome, outcomeOf } from '../support/outcomes.js';
import { Running } from '../support/running.js';
import { PROGRAM } from './support/desk.js';

const MINUTE = 60_000;
const TEN_MINUTES = 10 * MINUTE;
const TWO_HOURS = 120 * MINUTE;

/** Not in a container, nor if the machine's clock was set after its start. */
const knowsAges =
  isInInitialPidNamespace &&
  isLocal(systemFileSystem, tmpdir()) &&
  Number.isFinite(new LinuxProbe().ageOf(new LinuxProbe().self().started ?? '').most);

/** As Go marshals a `time.Time`: with nanoseconds, and the time zone of the machine. */
function goTimestamp(milliseconds: number): string {
  const zone = 9 * 3_600_000;
  return new Date(milliseconds + zone).toISOString().replace('Z', '456789+09:00');
}

/** As if it had been written this many milliseconds ago. */
function changeTime(path: string, age: number): void {
  const changed = (Date.now() - age) / 1000;
  utimesSync(path, changed, changed);
}

const formats = [
  {
    format: 'of the Go package',
    write: (path: string, pid: number, age = 0) => {
      writeFileSync(path, `{"process_id":${pid},"timestamp":"${goTimestamp(Date.now() - age)}"}`);
      changeTime(path, age);
    },
  },
  {
    format: 'of a classic daemon, with its PID and nothing else',
    write: (path: string, pid: number, age = 0) => {
      writeFileSync(path, `${pid}\n`);
      changeTime(path, age);
    },
  },
];

describe.each(formats)('a lock file $format', ({ write }) => {
  let path: string;
  let contender: Actor;

  beforeEach(async () => {
    path = join(temporaryFolder(), 'job.lock');
    contender = await startActor();
  });

  async function acquire(): Promise<Outcome> {
    return outcomeOf(await contender.ask({ do: 'acquire', path }));
  }

  test('is respected while its process is alive', async () => {
    const holder = await startActor();
    write(path, holder.pid);

    expect(await acquire()).toBe('busy');
  });

  test('is taken over once its process was killed, if the PID can mean no other process', async () => {
    const holder = await startActor();
    write(path, holder.pid);
    await holder.kill();

    // In a container, or on a network file system, the PID may be that of a process that cannot be seen from here.
    const isProven = isInInitialPidNamespace && isLocal(systemFileSystem, path);
    expect(await acquire()).toBe(isProven ? 'done' : 'busy');
  });

  test('is taken over once its last sign of life is too old, even if its process is alive', async () => {
    const holder = await startActor();
    write(path, holder.pid, TWO_HOURS);

    expect(await acquire()).toBe('done');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ process_id: contender.pid });
  });

  test('is respected forever by a contender with an infinite stale timeout, while its process is alive', async () => {
    const holder = await startActor();
    write(path, holder.pid);

    expect(await run()).toBe('busy');
  });

  test.skipIf(!knowsAges)(
    'is taken over at once with every timeout if its process began after the file was written',
    async () => {
      const other = await startActor();
      for (const [age, take] of [
        [10_000, acquire],
        [10_000, run],
        [TWO_HOURS, run],
      ] as const) {
        write(path, other.pid, age);
        expect(await take()).toBe('done');
        rmSync(path, { force: true });
      }
    },
  );

  test('is respected if it was written in the future', async () => {
    const other = await startActor();
    write(path, other.pid, -TEN_MINUTES);

    expect(await acquire()).toBe('busy');
    expect(await run()).toBe('busy');
  });

  test.skipIf(!canUnshare)(
    'is respected in a container, where its PID may be that of another process',
    async () => {
      const inside = await startActor({
        within: ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
      });
      expect(inside.pid).toBe(1);
      write(path, 1, TEN_MINUTES);

      expect(outcomeOf(await inside.ask({ do: 'acquire', path }))).toBe('busy');
      expect(await run(['unshare', '--pid', '--fork', '--mount-proc'])).toBe('busy');
      write(path, 1, TWO_HOURS);
      expect(await run(['unshare', '--pid', '--fork', '--mount-proc'])).toBe('done');
    },
  );

  test.skipIf(!canMount || !canBeNobody)(
    'is stale after an hour where /proc hides its process (hidepid=2)',
    async () => {
      const script =
        'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid="$0" --regid="$0" --clear-groups "$@"';
      const blind = ['unshare', '--mount', 'sh', '-c', script, String(NOBODY)];
      chmodSync(join(path, '..'), 0o777);
      const other = await startActor();

      write(path, other.pid, TEN_MINUTES);
      expect(await run(blind)).toBe('busy');
      write(path, other.pid, 59 * MINUTE);
      expect(await run(blind)).toBe('busy');
      write(path, other.pid, 61 * MINUTE);
      expect(await run(blind)).toBe('done');
    },
  );

  /** Through the command, whose stale timeout is infinite. */
  async function run(within: readonly string[] = []): Promise<'done' | 'busy' | number | null> {
    const [program = '', ...args] = [...within, process.execPath, PROGRAM, 'run', path, '--', 'true'];
    const { code } = await new Running(program, args, { env: process.env, cwd: '/' }).ended;
    return code === 0 ? 'done' : code === 75 ? 'busy' : code;
  }

  test.skipIf(!isPosix)('is respected if its process is that of PID 1', async () => {
    write(path, 1);

    expect(await acquire()).toBe('busy');
  });

  test.skipIf(!canBeNobody)('is respected by a contender that may not signal its process', async () => {
    const stranger = await startActor({ user: NOBODY });
    write(path, 1);

    expect(outcomeOf(await stranger.ask({ do: 'acquire', path }))).toBe('busy');
  });
});
