import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Actor, startActor } from './support/actors.js';
import { canBeNobody, canMount, isPosix, isRoot, NOBODY, temporaryFolder } from './support/machine.js';
import { outcomeOf } from './support/outcomes.js';
import { deadRecord } from './support/remains.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'job.lock');
});

describe.skipIf(!isPosix || (isRoot && !canBeNobody))('in a folder of someone else', () => {
  test('a lock cannot be created', async () => {
    const actor = await startStranger();

    expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal('create the lock', 'EACCES'));
    expect(readdirSync(folder)).toEqual([]);
  });

  test('the lock of a dead holder cannot be taken over', async () => {
    const record = await deadRecord();
    writeFileSync(path, record);
    const actor = await startStranger();

    expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal('take over the lock', 'EACCES'));
    expect(readdirSync(folder)).toEqual(['job.lock']);
    expect(readFileSync(path, 'utf8')).toBe(record);
  });

  test('that is closed, a lock cannot even be looked for', async () => {
    const actor = await startStranger();
    chmodSync(folder, 0);

    expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal('read the lock', 'EACCES'));
  });

  /** Someone who may look into the folder, but not change it. */
  async function startStranger(): Promise<Actor> {
    if (isRoot) return startActor({ user: NOBODY });
    chmodSync(folder, 0o555);
    return startActor();
  }
});

describe.skipIf(!canMount)('on a file system that is read-only (mounted, as root on Linux)', () => {
  test('a lock cannot be created', async () => {
    const actor = await startOnFileSystem('ro');

    expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal('create the lock', 'EROFS'));
  });

  test('a lock stays held until the file system can be written to again', async () => {
    const actor = await startOnFileSystem('rw');
    expect(outcomeOf(await actor.ask({ do: 'acquire', path }))).toBe('done');
    remount(actor, 'ro');

    expect(await actor.ask({ do: 'heartBeat', path })).toEqual(
      refusal('write a heartbeat to the lock', 'EROFS'),
    );
    expect(await actor.ask({ do: 'release', path })).toEqual(refusal('release the lock', 'EROFS'));

    remount(actor, 'rw');
    expect(outcomeOf(await actor.ask({ do: 'heartBeat', path }))).toBe('done');
    expect(outcomeOf(await actor.ask({ do: 'release', path }))).toBe('done');
    expect(readdirSync(asSeenBy(actor))).toEqual([]);
  });
});

const FULL = [
  { what: 'bytes', limit: 'size=16k', chunk: Buffer.alloc(4096) },
  { what: 'inodes', limit: 'nr_inodes=16', chunk: Buffer.alloc(0) },
];

describe.skipIf(!canMount).each(FULL)(
  'on a file system without $what left (mounted, as root on Linux)',
  (disk) => {
    test('a lock cannot be created', async () => {
      const actor = await startOnFileSystem(disk.limit);
      const fillers = fillUp(actor, disk.chunk);

      expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal('create the lock', 'ENOSPC'));
      expect(readdirSync(asSeenBy(actor)).toSorted()).toEqual(fillers.toSorted());
    });

    test('the lock of a dead holder cannot be taken over, but stays as it is', async () => {
      const record = await deadRecord();
      const actor = await startOnFileSystem(disk.limit);
      const file = join(asSeenBy(actor), 'job.lock');
      writeFileSync(file, record);
      const fillers = fillUp(actor, disk.chunk);

      expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal('take over the lock', 'ENOSPC'));
      expect(readFileSync(file, 'utf8')).toBe(record);
      expect(readdirSync(asSeenBy(actor)).toSorted()).toEqual([...fillers, 'job.lock'].toSorted());
    });

    test('a lock stays held, and can be beaten again once there is room', async () => {
      const actor = await startOnFileSystem(disk.limit);
      expect(outcomeOf(await actor.ask({ do: 'acquire', path }))).toBe('done');
      const fillers = fillUp(actor, disk.chunk);

      expect(await actor.ask({ do: 'heartBeat', path })).toEqual(
        refusal('write a heartbeat to the lock', 'ENOSPC'),
      );
      expect(readdirSync(asSeenBy(actor)).toSorted()).toEqual([...fillers, 'job.lock'].toSorted());

      for (const filler of fillers) unlinkSync(join(asSeenBy(actor), filler));
      expect(outcomeOf(await actor.ask({ do: 'heartBeat', path }))).toBe('done');
      expect(outcomeOf(await actor.ask({ do: 'release', path }))).toBe('done');
      expect(readdirSync(asSeenBy(actor))).toEqual([]);
    });
  },
);

describe.skipIf(!isPosix)('with too many open files', () => {
  test('a lock cannot be created', async () => {
    const actor = await startWithFewDescriptors();
    await actor.ask({ do: 'useUpDescriptors' });

    expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal('create the lock', 'EMFILE'));
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a lock stays held, and can be beaten again once there are less', async () => {
    const actor = await startWithFewDescriptors();
    expect(outcomeOf(await actor.ask({ do: 'acquire', path }))).toBe('done');
    await actor.ask({ do: 'useUpDescriptors' });

    expect(await actor.ask({ do: 'heartBeat', path })).toEqual(
      refusal('write a heartbeat to the lock', 'EMFILE'),
    );
    expect(await actor.ask({ do: 'release', path })).toEqual(refusal('release the lock', 'EMFILE'));
    expect(readdirSync(folder)).toEqual(['job.lock']);

    await actor.ask({ do: 'freeDescriptors' });
    expect(outcomeOf(await actor.ask({ do: 'heartBeat', path }))).toBe('done');
    expect(outcomeOf(await actor.ask({ do: 'release', path }))).toBe('done');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('at the first try does no harm to the second one, whose death can be proven', async () => {
    const actor = await startWithFewDescriptors();
    await actor.ask({ do: 'useUpDescriptors' });
    await actor.ask({ do: 'acquire', path });
    await actor.ask({ do: 'freeDescriptors' });
    expect(outcomeOf(await actor.ask({ do: 'acquire', path }))).toBe('done');
    await actor.kill();

    const next = await startActor();
    expect(outcomeOf(await next.ask({ do: 'acquire', path }))).toBe('done');
  });
});

describe.skipIf(!canMount || !canBeNobody)(
  'where /proc hides the holder (hidepid=2, as root on Linux)',
  () => {
    test('a live one is respected, and a dead one is known to be dead', async () => {
      chmodSync(folder, 0o777);
      const holder = await startActor();
      const stranger = await startBlindStranger();
      await holder.ask({ do: 'acquire', path });

      expect(outcomeOf(await stranger.ask({ do: 'acquire', path }))).toBe('busy');
      await holder.kill();
      expect(outcomeOf(await stranger.ask({ do: 'acquire', path }))).toBe('done');
    });

    function startBlindStranger(): Promise<Actor> {
      const script =
        'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid="$0" --regid="$0" --clear-groups "$@"';
      return startActor({ within: ['unshare', '--mount', 'sh', '-c', script, String(NOBODY)] });
    }
  },
);

/** What the system refuses is said with the path, with what was attempted, and with the system's own code. */
function refusal(attempted: string, code: string) {
  return {
    outcome: 'refused',
    name: 'ErrLockStore',
    code,
    message: expect.stringContaining(`Cannot ${attempted} ${path}: ${code}`),
  };
}

/** Mounts a file system over the folder that nobody else sees. */
function startOnFileSystem(options: string): Promise<Actor> {
  const script = 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"';
  return startActor({ within: ['unshare', '--mount', 'sh', '-c', script, 'sh', options, folder] });
}

function remount({ pid }: Actor, options: string): void {
  execFileSync('nsenter', [`--mount=/proc/${pid}/ns/mnt`, 'mount', '-o', `remount,${options}`, folder]);
}

/** The folder with the file system that only the actor sees. */
function asSeenBy({ pid }: Actor): string {
  return `/proc/${pid}/root${folder}`;
}

/** Adds files until there is no room for one more. Gives their names. */
function fillUp(actor: Actor, chunk: Buffer): string[] {
  try {
    for (let count = 0; ; count++) writeFileSync(join(asSeenBy(actor), `filler-${count}`), chunk);
  } catch {
    return readdirSync(asSeenBy(actor)).filter((name) => name.startsWith('filler-'));
  }
}

/** A process that may open only a few files, but enough for Node itself. */
function startWithFewDescriptors(): Promise<Actor> {
  return startActor({ within: ['sh', '-c', 'ulimit -n 64 && exec "$@"', 'sh'] });
}
