import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Dependencies, Life } from '../../../src/index.js';
import { type FileSystem, systemFileSystem } from '../../../src/stores/file/file-system.js';
import { lifePath, lifePrefix } from '../../../src/stores/file/guard/guard-names.js';
import { fileStore } from '../../../src/stores/file/index.js';
import type { Liveness } from '../../../src/system/processes/process-table.js';
import type { FakeProcess } from '../../../src/testing/index.js';
import { fileSystemWith, someRecord, systemError, World } from '../../../support/world.js';

const EXT4 = 0xef53;

let world: World;
/** In a container, where its PID says nothing to others. */
let holder: FakeProcess;
let token: string;

beforeEach(() => {
  world = new World();
  holder = world.processes.start({ pidNamespace: 'pid:[4026532001]', hostname: 'one' });
  token = randomUUID();
  world.write('the record of the holder');
});

interface Question {
  /** Whose process the record names. */
  readonly process?: FakeProcess;
  readonly token?: string | null;
  readonly life?: Life | null;
  readonly changes?: Partial<FileSystem>;
}

async function ask(question: Question = {}): Promise<Liveness | undefined> {
  const life = question.life === undefined ? world.processes.lifeOf() : question.life;
  const dependencies: Dependencies = { ...world.as(), ...(life !== null && { life }) };
  const fileSystem = fileSystemWith({ statfsSync: () => ({ type: EXT4 }), ...question.changes });
  const { identity } = question.process ?? holder;
  const record = someRecord({
    process: identity,
    token: question.token === undefined ? token : question.token,
  });
  return await fileStore({ ...dependencies, fileSystem }).askHolder?.(world.path, record);
}

/** Keeps a sign of life for that token, as the holder would. Its name tells which file it is, or another one. */
function keepSign(of = token, inode?: number): string {
  const made = join(world.folder, 'made');
  world.processes.lifeOf(holder).keep(made);
  const { dev, ino } = statSync(made);
  const path = lifePath(lifePrefix(world.path, of) ?? '', { dev, ino: inode ?? ino });
  systemFileSystem.renameSync(made, path);
  return path;
}

describe('the holder of a lock file, asked by its sign of life', () => {
  it('is alive or dead', async () => {
    keepSign();
    expect(await ask()).toBe('alive');
    holder.kill();
    expect(await ask()).toBe('dead');
  });

  it('is found by its token among signs of other tokens', async () => {
    const other = randomUUID();
    keepSign(other);
    expect(await ask()).toBe('unknown');
    holder.kill();
    expect(await ask()).toBe('unknown');
    expect(await ask({ token: other })).toBe('dead');
  });

  it('is asked at the next file of that name if one says nothing', async () => {
    // A copy: it is not the file that its name tells.
    keepSign(token, 1);
    expect(await ask()).toBe('unknown');
    mkdirSync(`${lifePrefix(world.path, token)}.0.0`);
    keepSign();
    expect(await ask()).toBe('alive');
  });

  it('is not asked at files whose names only begin like that of its sign', async () => {
    const asked: string[] = [];
    const life = world.processes.lifeOf();
    const asking: Life = {
      when: life.when,
      isMovable: life.isMovable,
      needsLocalFiles: life.needsLocalFiles,
      keep: (path) => life.keep(path),
      ask: async (path) => {
        asked.push(path);
        return 'unknown';
      },
    };
    const sign = keepSign();
    for (const name of [`${sign}.bak`, `${sign}.0`, `${lifePrefix(world.path, token)}x`]) mkdirSync(name);
    expect(await ask({ life: asking })).toBe('unknown');
    expect(asked).toEqual([sign]);
  });

  it('on another machine is unknown', async () => {
    keepSign();
    const process = world.processes.start({ bootId: 'another', hostname: 'elsewhere' });
    expect(await ask({ process })).toBe('unknown');
  });

  it.each<[without: string, question: Question]>([
    ['a token', { token: null }],
    ['a token of ours', { token: 'mine' }],
    ['signs of life on this system', { life: null }],
    [
      'anyone who may read the folder',
      {
        changes: {
          readdirSync() {
            throw systemError('EACCES', 'scandir');
          },
        },
      },
    ],
  ])('is unknown without %s', async (_, question) => {
    keepSign();
    expect(await ask(question)).toBe('unknown');
  });

  it('is unknown when the lock, or its folder, is gone', async () => {
    keepSign();
    unlinkSync(world.path);
    expect(await ask()).toBe('unknown');
    rmSync(world.folder, { recursive: true });
    expect(await ask()).toBe('unknown');
  });
});
