import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemFileSystem } from '../../../src/stores/file/file-system.js';
import { type Fault, loseAnswer, precede, refuse, repeat, type Use } from './faults/disk.js';
import { type Operation, operations } from './faults/operations.js';
import { expectToEndure } from './faults/rule.js';
import { Scene } from './faults/scene.js';

// Each operation is watched on a disk that is well. Then it is done again for each use of each call that was seen, and for
// each thing that can go wrong there. That list comes from the interface, and from what `write-file-atomic` calls in turn;
// what has to hold is one rule for all, in `faults/rule.ts`.

const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EMFILE', 'ESTALE', 'EINTR'];

type Trouble = Omit<Fault, 'at'>;

describe.each(operations)('$name keeps the rule', (operation) => {
  it('whichever call is refused once, for whatever reason', async () => {
    await expectToEndureAll(operation, () =>
      CODES.map((code) => ({ code, lasts: 'once', strike: refuse(code) })),
    );
  });

  it('from whichever call on all are refused', async () => {
    await expectToEndureAll(operation, (_scene, code) => [
      { code, lasts: 'on and on', strike: refuse(code) },
    ]);
  });

  it('whichever call is done, but seems to have failed', async () => {
    await expectToEndureAll(operation, (_scene, code) => [
      { code, lasts: 'once', strike: loseAnswer(code) },
      { code, lasts: 'on and on', strike: loseAnswer(code) },
    ]);
  });

  it('whichever call is done twice, because the first answer was lost', async () => {
    await expectToEndureAll(operation, () => [{ code: 'EEXIST', lasts: 'once', strike: repeat }]);
  });

  it('before whichever call somebody cleans the folder, or removes it', async () => {
    await expectToEndureAll(operation, ({ world }) => {
      const remove = () => rmSync(world.folder, { recursive: true, force: true });
      const clean = () => {
        for (const name of world.files) rmSync(join(world.folder, name), { recursive: true });
      };
      return [remove, clean].map((change) => ({ code: 'ENOENT', lasts: 'once', strike: precede(change) }));
    });
  });
});

it('these are all calls that there are', async () => {
  const calls = new Set<string>();
  for (const operation of operations) {
    for (const { call } of await usesOf(operation)) calls.add(call);
  }
  expect([...calls].filter((call) => call in systemFileSystem).toSorted()).toEqual(
    Object.keys(systemFileSystem).toSorted(),
  );
});

/** At each use of a call all that `troubles` gives; what does not depend on the code gets all of them in turn. */
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

/** The calls that an operation makes on a disk that is well. */
async function usesOf(operation: Operation): Promise<readonly Use[]> {
  const scene = new Scene();
  await operation.prepare(scene);
  scene.disk.watch();
  await operation.run(scene);
  return scene.disk.heal();
}
