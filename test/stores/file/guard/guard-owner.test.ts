import { statSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemFileSystem } from '../../../../src/stores/file/file-system.js';
import type { GuardContext } from '../../../../src/stores/file/guard/guard-context.js';
import { ownerName } from '../../../../src/stores/file/guard/guard-names.js';
import { ageOfGuard, NEVER_STALE, type OwnerFile } from '../../../../src/stores/file/guard/guard-owner.js';
import type { FakeProcess } from '../../../../src/testing/index.js';
import { World } from '../../../../support/world.js';

let world: World;
let alive: FakeProcess;
let dead: FakeProcess;
/** In a container, where its PID says nothing to others. */
let unknown: FakeProcess;

beforeEach(() => {
  world = new World();
  alive = world.processes.start();
  dead = world.processes.start();
  dead.kill();
  unknown = world.processes.start({ pidNamespace: 'pid:[4026532001]', hostname: 'one' });
});

function fileOf({ identity }: FakeProcess, isSigned = false): OwnerFile {
  return { name: ownerName({ identity, thread: 0 }), isSigned };
}

function ageIn(
  owners: readonly OwnerFile[],
  changes: Partial<GuardContext> = {},
  entrant = fileOf(world.processes.own).name,
) {
  const context: GuardContext = {
    fs: systemFileSystem,
    processes: world.as().processes,
    life: world.processes.lifeOf(),
    keepsSign: false,
    keptSign: null,
    answers: new Map(),
    isOfEarlierBoot: () => false,
    isClosed: true,
    ...changes,
  };
  const folder = { path: world.folder, status: statSync(world.folder), close() {} };
  return ageOfGuard(owners, folder, entrant, context);
}

describe('the age of a guard', () => {
  it('is that of a living owner, even if there is a copy of a dead one, in any order', () => {
    const owners = [fileOf(alive), fileOf(dead)];
    for (const files of [owners, owners.toReversed()]) {
      expect(ageIn(files)).toMatchObject({ time: NEVER_STALE, owner: { identity: alive.identity } });
    }
  });

  it('names the owner, even a dead one', () => {
    expect(ageIn([fileOf(dead)])).toMatchObject({
      time: new Date(0),
      owner: { identity: dead.identity },
    });
    expect(ageIn([])).toMatchObject({ time: new Date(0), owner: null });
  });

  it('is endless until the sign of life of its owner was asked, and then what that has said', () => {
    const file = fileOf(unknown, true);
    const answered = (answer: 'alive' | 'dead' | 'unknown') =>
      ageIn([file], { answers: new Map([[file.name, answer]]) });
    const changed = new Date(statSync(world.folder).mtimeMs);
    expect(ageIn([file])).toMatchObject({ time: NEVER_STALE, toAsk: file.name });
    expect(answered('alive')).toMatchObject({ time: NEVER_STALE, toAsk: null });
    expect(answered('dead')).toMatchObject({ time: new Date(0), toAsk: null });
    expect(answered('unknown')).toMatchObject({ time: changed, toAsk: null });
  });

  it('is that of the folder where nothing can be asked, so that nobody waits for an answer forever', () => {
    const elsewhere = world.processes.start({ bootId: 'another' });
    const changed = { time: new Date(statSync(world.folder).mtimeMs), toAsk: null };
    expect(ageIn([fileOf(unknown)])).toMatchObject(changed);
    expect(ageIn([fileOf(unknown, true)], { life: null })).toMatchObject(changed);
    expect(ageIn([fileOf(elsewhere, true)])).toMatchObject(changed);
  });

  it('is that of the folder if only the PID of its owner is known, even if it is that of the entrant', () => {
    const own = world.processes.own;
    expect(ageIn([fileOf(own)])).toMatchObject({ time: new Date(0) });
    // Without /proc. The first process of each of two containers has PID 1.
    const identity = { ...own.identity, bootId: null, pidNamespace: null, started: null };
    const name = ownerName({ identity, thread: 0 });
    const changed = new Date(statSync(world.folder).mtimeMs);
    expect(ageIn([{ name, isSigned: false }], {}, name)).toMatchObject({ time: changed });
  });
});
