import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { isLocal, systemFileSystem } from '../src/stores/file/file-system.js';
import { type Actor, startActor } from './support/actors.js';
import { canBeNobody, isInInitialPidNamespace, isPosix, NOBODY, temporaryFolder } from './support/machine.js';
import { type Outcome, outcomeOf } from './support/outcomes.js';

const TWO_HOURS = 7_200_000;

/** As the Go package marshals a `time.Time`: with nanoseconds, and with the zone of the machine. */
function goTimestamp(milliseconds: number): string {
  const zone = 9 * 3_600_000;
  return new Date(milliseconds + zone).toISOString().replace('Z', '456789+09:00');
}

const formats = [
  {
    format: 'of the Go package',
    write: (path: string, pid: number, age = 0) => {
      writeFileSync(path, `{"process_id":${pid},"timestamp":"${goTimestamp(Date.now() - age)}"}`);
    },
  },
  {
    format: 'of a classic daemon, with its PID and nothing else',
    write: (path: string, pid: number, age = 0) => {
      writeFileSync(path, `${pid}\n`);
      const changed = (Date.now() - age) / 1000;
      utimesSync(path, changed, changed);
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

  test('is taken over once its process was killed, where no other process can be meant', async () => {
    const holder = await startActor();
    write(path, holder.pid);
    await holder.kill();

    // In a container, or on a network file system, the PID may be that of a process that cannot be seen from here.
    const isProven = isInInitialPidNamespace && isLocal(systemFileSystem, path);
    expect(await acquire()).toBe(isProven ? 'done' : 'busy');
  });

  test('is taken over once its last sign of life is too long ago, although its process is alive', async () => {
    const holder = await startActor();
    write(path, holder.pid, TWO_HOURS);

    expect(await acquire()).toBe('done');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ process_id: contender.pid });
  });

  test.skipIf(!isPosix)('is respected if its process is that of PID 1', async () => {
    write(path, 1);

    expect(await acquire()).toBe('busy');
  });

  test.skipIf(!canBeNobody)('is respected by someone who may not signal its process', async () => {
    const stranger = await startActor({ user: NOBODY });
    write(path, 1);

    expect(outcomeOf(await stranger.ask({ do: 'acquire', path }))).toBe('busy');
  });
});
