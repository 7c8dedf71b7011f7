import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { serializeRecord } from '../../../src/core/record/record.js';
import { breakLock, LivingLockError, type Lock } from '../../../src/index.js';
import type { FakeProcess } from '../../../src/testing/index.js';
import {
  DAY,
  HOUR,
  MEMORY,
  MINUTE,
  someIdentity,
  someRecord,
  temporaryFolder,
  World,
} from '../../../support/world.js';

// Whatever is around a lock and at its path, only what is livinglock's changes. What that is, this file defines once more, by
// names alone.

const LOCK = 'job.lock';
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const OWNER = new RegExp(`^${UUID},\\d+,\\d+,[^,]*,[^,]*,[^,]*,[^,]*$`);
const STAGED = new RegExp(`^${UUID}\\.record(\\.\\d{1,10})?$`);
const GUARD = new RegExp(`^job\\.lock\\.guard(\\.${UUID}(\\.swept)?)?$`);

type Entry =
  | { readonly is: 'file'; readonly name: string; readonly content: Uint8Array; readonly mayBeLock: boolean }
  | { readonly is: 'link'; readonly name: string; readonly to: string }
  | { readonly is: 'fifo'; readonly name: string }
  | { readonly is: 'folder'; readonly name: string; readonly entries: readonly Entry[] };

const ids = ['0f8fad5b-d9cb-469f-a165-70867728950e', '1f8fad5b-d9cb-469f-a165-70867728950e'] as const;
const id = fc.constantFrom(...ids);
const DEAD = 999_999;

/** Dead, alive, or on another machine: the processes are those of the fake world, where 1000 is the contender's own. */
const owner = fc
  .tuple(id, fc.constantFrom(DEAD, 1000, 1001), fc.constantFrom('fake-boot-1', 'another'))
  .map(([token, pid, boot]) => `${token},${pid},0,1,${boot},pid%3A%5B4026531836%5D,fake-host`);

const DEAD_OWNER = `${ids[0]},${DEAD},0,1,fake-boot-1,pid%3A%5B4026531836%5D,fake-host`;

const name = fc.oneof(
  fc.constantFrom(LOCK, `${LOCK}.guard`, `${LOCK}.1`, `${LOCK}.20261125`, `${LOCK}.tmp`, `${LOCK}.guard.bak`),
  id.map((uuid) => `${LOCK}.guard.${uuid}`),
  id.map((uuid) => `${LOCK}.guard.${uuid}.swept`),
  id.map((uuid) => `${LOCK}.${uuid}.tmp`),
  id.map((uuid) => `${uuid}.record`),
  id.map((uuid) => `${uuid}.record.3141592653`),
  owner,
  owner.map((like) => `${like}.bak`),
  fc.stringMatching(/^[a-z.,-]{1,6}$/).filter((any) => any !== '.' && any !== '..'),
);

/** What a lock may contain, or a crash may have left of it; and content of other people's files. */
const content = fc.oneof(
  fc
    .constantFrom(
      '',
      '\0\0\0',
      '{"process_id":12,"time',
      `${DEAD}\n`,
      '1001',
      serializeRecord(someRecord({ process: someIdentity({ bootId: 'fake-boot-1', pid: DEAD }) })),
      serializeRecord(someRecord({ process: someIdentity({ bootId: 'another' }), timestamp: new Date(0) })),
    )
    .map((text) => ({ bytes: Buffer.from(text), mayBeLock: true })),
  fc
    .constantFrom(
      'name,amount\n',
      '#!/bin/sh\n',
      '{"process_id":7,"name":"x"}',
      `${serializeRecord(someRecord())}more`,
    )
    .map((text) => ({ bytes: Buffer.from(text), mayBeLock: false })),
  fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((bytes) => ({ bytes: Buffer.concat([Buffer.from('x'), bytes]), mayBeLock: false })),
);

const { entries } = fc.letrec<{ entry: Entry; entries: Entry[] }>((tie) => ({
  entry: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'tree' },
    {
      weight: 5,
      arbitrary: fc
        .tuple(name, content)
        .map(([of, { bytes, mayBeLock }]): Entry => ({ is: 'file', name: of, content: bytes, mayBeLock })),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(name, fc.constantFrom('nowhere', 'VICTIM', 'VICTIM/shadow', 'VICTIM/guard', LOCK, '.'))
        .map(([of, to]): Entry => ({ is: 'link', name: of, to })),
    },
    { weight: 1, arbitrary: name.map((of): Entry => ({ is: 'fifo', name: of })) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(name, tie('entries'))
        .map(([of, inside]): Entry => ({ is: 'folder', name: of, entries: inside })),
    },
  ),
  entries: fc.uniqueArray(tie('entry'), { selector: (entry) => entry.name, maxLength: 6 }),
}));

const OPERATIONS = ['acquire', 'take over', 'beat', 'release', 'break', 'break by force', 'wait'] as const;
const operations = fc.array(fc.constantFrom(...OPERATIONS), { minLength: 1, maxLength: 6 });

function plant(folder: string, victim: string, tree: readonly Entry[]): void {
  for (const entry of tree) {
    const path = join(folder, entry.name);
    switch (entry.is) {
      case 'file':
        writeFileSync(path, entry.content);
        utimesSync(path, 1, 1);
        break;
      case 'link':
        symlinkSync(entry.to.replace('VICTIM', victim), path);
        break;
      case 'fifo':
        execFileSync('mkfifo', [path]);
        break;
      case 'folder':
        mkdirSync(path);
        plant(path, victim, entry.entries);
        utimesSync(path, 1, 1);
    }
  }
}

/** Everything in a folder, one line each: what it is, its owner, permissions, time and content. */
function linesOf(folder: string, prefix = ''): Map<string, string> {
  const lines = new Map<string, string>();
  for (const found of readdirSync(folder)) {
    const path = join(folder, found);
    const { mode, uid, mtimeMs, ino } = lstatSync(path);
    const kind = mode & 0o170000;
    const text =
      kind === 0o100000 ? readFileSync(path, 'latin1') : kind === 0o120000 ? readlinkSync(path) : '';
    lines.set(`${prefix}${found}`, `${ino} ${mode} ${uid} ${mtimeMs} ${text}`);
    if (kind === 0o040000) for (const line of linesOf(path, `${prefix}${found}/`)) lines.set(...line);
  }
  return lines;
}

/** Whether livinglock may change it, with everything in it. */
function isOurs(entry: Entry): boolean {
  if (entry.name === LOCK) return entry.is === 'file' && entry.mayBeLock;
  if (!GUARD.test(entry.name) || entry.is !== 'folder') return false;
  const isGuard = entry.name === `${LOCK}.guard`;
  return entry.entries.every(
    (inside) => inside.is === 'file' && (OWNER.test(inside.name) || (isGuard && STAGED.test(inside.name))),
  );
}

class Play {
  readonly #world: World;
  readonly #other: FakeProcess;
  #lock: Lock | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#other = world.processes.start();
  }

  async act(operation: (typeof OPERATIONS)[number]): Promise<void> {
    const { path } = this.#world;
    const dependencies = this.#world.as();
    switch (operation) {
      case 'acquire':
        return this.#acquire();
      case 'take over':
        // A stalled holder is ended, too.
        await this.#world.clock.advance(2 * HOUR);
        return this.#acquire({ terminateStalled: true }, this.#other);
      case 'beat':
        return this.#lock?.heartBeat();
      case 'release':
        return this.#lock?.release();
      case 'wait':
        return void (await this.#world.clock.advance(5 * MINUTE));
      default:
        await breakLock(path, { force: operation === 'break by force', dependencies });
    }
  }

  async #acquire(options = {}, process?: FakeProcess): Promise<void> {
    this.#lock = await this.#world.acquire(process, options);
  }
}

/** Failures are reported by an error of the library; nothing more is required here. */
async function attempt(world: World, doing: Promise<void>): Promise<void> {
  let isOver = false;
  const done = doing
    .catch((error: unknown) => {
      if (!(error instanceof LivingLockError)) throw error;
    })
    .finally(() => {
      isOver = true;
    });
  for (let waited = 0; !isOver && waited < 30; waited++) await world.clock.advance(200);
  await done;
}

it.skipIf(process.platform === 'win32')(
  'whatever is around a lock, only names of ours are changed',
  async () => {
    await fc.assert(
      fc.asyncProperty(entries, operations, async (tree, acts) => {
        const world = new World({ parent: MEMORY });
        const victim = temporaryFolder(MEMORY);
        writeFileSync(join(victim, 'shadow'), 'root:*\n', { mode: 0o600 });
        mkdirSync(join(victim, 'guard'));
        for (const folder of [victim, join(victim, 'guard')]) writeFileSync(join(folder, DEAD_OWNER), '');
        plant(world.folder, victim, tree);
        const before = linesOf(world.folder);
        const victimBefore = linesOf(victim);
        world.clock.stepWallClock(DAY);

        const play = new Play(world);
        for (const act of acts) await attempt(world, play.act(act));

        expect(linesOf(victim)).toEqual(victimBefore);
        const after = linesOf(world.folder);
        const ours = new Set(tree.filter(isOurs).map((entry) => entry.name));
        const isTheirs = (path: string) => {
          const [top = ''] = path.split('/');
          const isNew = !tree.some((entry) => entry.name === top);
          return !ours.has(top) && !(isNew && (top === LOCK || GUARD.test(top)));
        };
        const theirs = (lines: ReadonlyMap<string, string>) => [...lines].filter(([path]) => isTheirs(path));
        expect(theirs(after)).toEqual(theirs(before));
        rmSync(world.folder, { recursive: true });
        rmSync(victim, { recursive: true });
      }),
      { numRuns: 1000 },
    );
  },
);
