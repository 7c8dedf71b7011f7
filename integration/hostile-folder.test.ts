import { chmodSync, chownSync, linkSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { acquire, breakLock, LivingLockError } from 'livinglock';
import { beforeEach, describe, expect, test } from 'vitest';
import { nextMessage, startProgram } from '../support/actors.js';
import { canBeNobody, isLinux, NOBODY, temporaryFolder } from '../support/machine.js';
import { exchanges, type Operation, operations, Scene } from './support/exchanges.js';
import { everythingTheKilledLeave } from './support/remains.js';
import { folderOfRoot, type Tree, treeOf, withoutTimeOf } from './support/tree.js';

// Whoever owns the folder of a lock can replace what is in it between any two system calls of root. Each of them is tried, for each operation.

/** Milliseconds, for one that plays hundreds of exchanges. */
const TIMEOUT = 240_000;
const ROOT = 0;
const ERR_NOT_A_LOCK = expect.objectContaining({ code: 'ERR_NOT_A_LOCK' });
/** Every heartbeat is written. */
const OFTEN = { heartbeatMinimalInterval: 0 };

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'job.lock');
});

describe.skipIf(!isLinux || !canBeNobody)(
  'a lock of root in a folder of another user (as root on Linux)',
  () => {
    let victim: string;
    let before: Tree;

    beforeEach(() => {
      chownSync(folder, NOBODY, NOBODY);
      victim = folderOfRoot(join(temporaryFolder(), 'victim'));
      before = treeOf(victim);
    });

    test('is safe while that user replaces each of its folders by a link, repeatedly', async () => {
      const mallory = startProgram('mallory', [folder, basename(path), victim], { user: NOBODY });
      await nextMessage(mallory);

      let acquired = 0;
      let exchanged = 0;
      while (acquired <= 20 || exchanged <= 20) {
        try {
          const lock = await acquire(path, OFTEN);
          acquired += 1;
          await lock.heartBeat();
          await lock.release();
        } catch (error) {
          expect(error).toBeInstanceOf(LivingLockError);
          // If it could not release the lock, the file is its own.
          rmSync(path, { force: true });
        }
        mallory.send('how often?');
        exchanged = Object(await nextMessage(mallory)).exchanged;
      }
      expect(treeOf(victim)).toEqual(before);
    });

    test('that is a hard link to a file of root is not touched if it is not a lock; otherwise only the link is', async () => {
      linkSync(join(victim, 'passwd'), path);
      before = treeOf(victim);
      await expect(acquire(path)).rejects.toEqual(ERR_NOT_A_LOCK);
      await expect(breakLock(path, { force: true })).rejects.toEqual(ERR_NOT_A_LOCK);
      expect(treeOf(victim)).toEqual(before);

      rmSync(path);
      linkSync(join(victim, 'daemon.pid'), path);
      const daemon = statSync(join(victim, 'daemon.pid'));
      await breakLock(path, { force: true });
      expect(readdirSync(folder)).toEqual([]);
      const { mode, mtimeMs, ino, nlink } = statSync(join(victim, 'daemon.pid'));
      expect({ mode, mtimeMs, ino, nlink }).toEqual({
        mode: daemon.mode,
        mtimeMs: daemon.mtimeMs,
        ino: daemon.ino,
        nlink: 1,
      });
    });

    test.each([
      ['each folder for one that others can write to', 'openFolderSync', 'EPERM'],
      ['a folder for another folder of root', 'openFolderSync', 'EPERM'],
      ['the lock for a link to a file', 'openSync', 'ELOOP'],
      ['the lock for a link to a folder', 'openSync', 'ELOOP'],
    ] as const)('is refused if that user replaces %s right before the %s', async (what, call, code) => {
      const scene = new Scene(victim, '', exchanges[what]);
      if (call === 'openSync') await scene.acquire();
      await scene.play(call, () => scene.acquire());
      expect(scene.outcome).toBe(code);
      await scene.end();
    });

    test.each([
      ['owns only the folder above', NOBODY, ROOT, 0o755, 'the folder of the lock for a link'],
      ['may write by the group', ROOT, NOBODY, 0o775, 'each folder for a link'],
      ['may write like everybody', ROOT, ROOT, 0o777, 'each folder for a link'],
    ] as const)('is also safe if that user %s', async (_what, above, group, mode, what) => {
      for (const name of ['a heartbeat', 'a release'] as const) {
        for (let at = 1, goesOn = true; goesOn; at++) {
          const scene = new Scene(victim, '', exchanges[what]);
          chownSync(dirname(scene.folder), above, above);
          chownSync(scene.folder, ROOT, group);
          chmodSync(scene.folder, mode);
          await operations[name].prepare(scene);
          before = seenOf(what, victim);
          await scene.play(at, () => operations[name].act(scene));
          expect([name, scene.call, seenOf(what, victim)]).toEqual([name, scene.call, before]);
          await scene.end();
          goesOn = scene.isExchanged;
        }
      }
    });

    test.each(Object.entries<Operation>(operations))(
      'is safe if that user replaces something right before any file-system call of %s',
      async (_name, operation) => {
        const remains = await everythingTheKilledLeave();
        for (const [what, exchange] of Object.entries(exchanges)) {
          for (let at = 1, goesOn = true; goesOn; at++) {
            const scene = new Scene(victim, remains, exchange);
            await operation.prepare?.(scene);
            before = seenOf(what, victim);
            await scene.play(at, () => operation.act(scene));
            const seen = {
              what,
              before: scene.call,
              victim: seenOf(what, victim),
              other: scene.folderOfRoots(),
            };
            expect(seen).toEqual({ ...seen, victim: before, other: scene.other });
            await scene.end();
            goesOn = scene.isExchanged;
          }
        }
      },
      TIMEOUT,
    );
  },
);

/** If the path of the lock leads to the folder itself, a guard may have been there for a moment. */
function seenOf(exchange: string, victim: string): Tree {
  const tree = treeOf(victim);
  return exchange === 'the folder of the lock for a link' ? withoutTimeOf('.', tree) : tree;
}
