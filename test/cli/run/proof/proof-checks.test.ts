import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { proofCheckFor, refuseOwnProof } from '../../../../src/cli/run/proof/proof-checks.js';
import { StallWatch } from '../../../../src/cli/run/proof/stall-watch.js';
import { acquire, type Lock, type Store, systemClock } from '../../../../src/index.js';
import { memoryStore } from '../../../../src/testing/index.js';
import { MINUTE, SECOND, temporaryFolder } from '../../../../support/world.js';
import { messages } from '../stage.js';

/** A watch of a command that gave its last proof five seconds ago. */
function watchAfterSilence(lock: Lock | null): StallWatch {
  let now = 0;
  vi.spyOn(systemClock, 'monotonic').mockImplementation(() => now);
  const onStall = () => {};
  const watch = new StallWatch({
    lock,
    staleTimeout: MINUTE,
    heartbeatInterval: MINUTE,
    check: () => 0,
    onStall,
  });
  now = 5 * SECOND;
  onTestFinished(() => {
    watch.stop();
    vi.restoreAllMocks();
  });
  return watch;
}

async function heldBy(store: Store): Promise<Lock> {
  const lock = await acquire('nightly', { store });
  onTestFinished(() => lock.release().catch(() => {}));
  return lock;
}

describe('a check for proof', () => {
  it('finds that the command exists', () => {
    const check = proofCheckFor({ by: 'alive' }, null, memoryStore());
    expect(check(watchAfterSilence(null))).toBe(0);
  });

  it('finds that a file has changed', () => {
    const path = join(temporaryFolder(), 'log');
    writeFileSync(path, '');
    const said = messages();
    const check = proofCheckFor({ by: 'file', path }, null, memoryStore());
    const watch = watchAfterSilence(null);
    expect(check(watch)).toBe(5 * SECOND);
    writeFileSync(path, 'more');
    expect(check(watch)).toBe(0);
    expect(said).toEqual([]);
  });

  it('says that there is no file yet', () => {
    const said = messages();
    proofCheckFor({ by: 'file', path: '/no/log' }, null, memoryStore());
    expect(said).toEqual([expect.stringContaining('There is no /no/log yet.')]);
  });

  it('takes a file that it cannot see for no proof, and says so once', () => {
    const path = join(temporaryFolder(), 'log');
    symlinkSync('log', path);
    const said = messages();
    const check = proofCheckFor({ by: 'file', path }, null, memoryStore());
    const watch = watchAfterSilence(null);
    expect([check(watch), check(watch)]).toEqual([5 * SECOND, 5 * SECOND]);
    expect(said).toEqual([
      expect.stringContaining('There is no'),
      expect.stringMatching(/Cannot see whether .*ELOOP.* does not count as proof of work/),
    ]);
  });

  it('finds the last heartbeat of the command in the lock, as long as it is ours', async () => {
    const store = memoryStore();
    const lock = await heldBy(store);
    let stored = await store.read(lock.name);
    const check = proofCheckFor({ by: 'manual' }, lock, { ...methods(store), read: () => stored });
    const watch = watchAfterSilence(lock);
    if (stored === null || stored.record === null) throw new Error('The lock is free.');
    stored = { ...stored, age: 7 };
    expect(await check(watch)).toBe(7);
    stored = { ...stored, record: { ...(stored.record ?? never()), token: 'other' } };
    expect(await check(watch)).toBe(0);
    stored = { ...stored, record: null };
    expect(await check(watch)).toBe(0);
    stored = null;
    expect(await check(watch)).toBe(0);
  });

  it('finds no stall of a command without a lock that is to call `beat`', () => {
    const check = proofCheckFor({ by: 'manual' }, null, memoryStore());
    expect(check(watchAfterSilence(null))).toBe(0);
  });
});

function methods(store: Store): Store {
  return {
    resolve: (name) => store.resolve(name),
    read: (name) => store.read(name),
    claim: (...claim) => store.claim(...claim),
    beat: (...beat) => store.beat(...beat),
    remove: (...removal) => store.remove(...removal),
  };
}

function never(): never {
  throw new Error('The lock is free.');
}

describe('a file that livinglock itself changes', () => {
  it.each(['job.lock', '.', './', 'job.lock-wal'])('is refused as proof: %s', (path) => {
    const folder = temporaryFolder();
    const proof = { by: 'file', path: join(folder, path) } as const;
    expect(() => refuseOwnProof(proof, join(folder, 'job.lock'))).toThrow('proves nothing');
  });

  it.skipIf(process.platform === 'win32')('is known by another name', () => {
    const folder = temporaryFolder();
    const link = join(temporaryFolder(), 'link');
    symlinkSync(folder, link);
    const proof = (path: string) => ({ by: 'file', path }) as const;
    expect(() => refuseOwnProof(proof(link), join(folder, 'job.lock'))).toThrow('proves nothing');
    expect(() => refuseOwnProof(proof(folder), join(link, 'job.lock'))).toThrow('proves nothing');
    expect(() => refuseOwnProof(proof(join(link, 'job.lock')), join(folder, 'job.lock'))).toThrow(
      'proves nothing',
    );
  });

  it('is not any other one', () => {
    const folder = temporaryFolder();
    const lock = join(folder, 'job.lock');
    for (const path of ['job.lock.log', 'job', 'no/such/file', '..'])
      expect(() => refuseOwnProof({ by: 'file', path: join(folder, path) }, lock)).not.toThrow();
    expect(() => refuseOwnProof({ by: 'file', path: folder }, null)).not.toThrow();
    expect(() => refuseOwnProof({ by: 'alive' }, lock)).not.toThrow();
  });
});
