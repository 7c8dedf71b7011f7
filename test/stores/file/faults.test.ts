import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemFileSystem } from '../../../src/stores/file/file-system.js';
import { type Fault, loseAnswer, precede, refuse, repeat, type Use } from './faults/disk.js';
import { type Operation, operations } from './faults/operations.js';
import { expectToEndure } from './faults/rule.js';
import { Scene } from './faults/scene.js';

// Each operation is first observed on a healthy disk. Then it is repeated for each use of each observed call, and for
// each thing that can go wrong there. The list of calls comes from the interface, and from what `write-file-atomic` calls in turn.
// One rule says what must hold in all cases, in `faults/rule.ts`.

const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EMFILE', 'ESTALE', 'EINTR'];

type Trouble = Omit<Fault, 'at'>;

describe.each(operations)('$name keeps the rule', (operation) => {
  it('whichever call fails once, for whatever reason', async () => {
    await expectToEndureAll(operation, () =>
      CODES.map((code) => ({ code, lasts: 'once', strike: refuse(code) })),
    );
  });

  it('from whichever call on all of them fail', async () => {
    await expectToEndureAll(operation, (_scene, code) => [
      { code, lasts: 'on and on', strike: refuse(code) },
    ]);
  });

  it('whichever call succeeds but seems to fail', async () => {
    await expectToEndureAll(operation, (_scene, code) => [
      { code, lasts: 'once', strike: loseAnswer(code) },
      { code, lasts: 'on and on', strike: loseAnswer(code) },
    ]);
  });

  it('whichever call is made twice because the first answer was lost', async () => {
    await expectToEndureAll(operation, () => [{ code: 'EEXIST', lasts: 'once', strike: repeat }]);
  });

  it('before whichever call somebody cleans or removes the folder', async () => {
    await expectToEndureAll(operation, ({ world }) => {
      const remove = () => rmSync(world.folder, { recursive: true, force: true });
      const clean = () => {
        for (const name of world.files) rmSync(join(world.folder, name), { recursive: true });
      };
      return [remove, clean].map((change) => ({ code: 'ENOENT', lasts: 'once', strike: precede(change) }));
    });
  });
});

it('the list of calls is complete', async () => {
  const calls = new Set<string>();
  for (const operation of operations) {
    for (const { call } of await usesOf(operation)) calls.add(call);
  }
  expect([...calls].filter((call) => call in systemFileSystem).toSorted()).toEqual(
    Object.keys(systemFileSystem).toSorted(),
  );
});

/** Tries everything that `troubles` returns at each use of a call; if the code does not matter, all of them in turn. */
async function expectToEndureAll(
  operation: Operation,
  troubles: (scene: Scene, code: string) => readonly Trouble[],
): Promise<void> {
  const breaches: string[] = [];
  for (const [turn, at] of (await usesOf(operation)).entries()) {
    const code = CODES[turn % CODES.length] ?? 'EIO';
    for (let index = 0; ; index++) {
      const scene = new Scene();
      const trouble = troubles(scene, code)[index];
      if (trouble === undefined) break;
      try {
        await expectToEndure(scene, operation, { ...trouble, at });
      } catch (error) {
        breaches.push(`${at.call} no. ${at.count}, ${trouble.code} ${trouble.lasts}: ${error}`);
      }
    }
  }
  expect(breaches).toEqual([]);
}

/** The calls that an operation makes on a healthy disk. */
async function usesOf(operation: Operation): Promise<readonly Use[]> {
  const scene = new Scene();
  await operation.prepare(scene);
  scene.disk.watch();
  await operation.run(scene);
  return scene.disk.heal();
}
