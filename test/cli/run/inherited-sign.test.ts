import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { InheritedSign, makeInheritedSign } from '../../../src/cli/run/inherited-sign.js';
import { acquire } from '../../../src/index.js';
import { LinuxLife } from '../../../src/system/life/linux.js';
import { INITIAL_PID_NAMESPACE } from '../../../src/system/processes/process-identity.js';
import { memoryStore } from '../../../src/testing/index.js';
import { someIdentity, temporaryFolder } from '../../../support/world.js';

describe.runIf(process.platform === 'linux')('the sign of life that a command inherits', () => {
  let folder: string;
  let sign: InheritedSign;

  beforeEach(() => {
    folder = temporaryFolder();
    sign = inNamespace(INITIAL_PID_NAMESPACE);
  });

  function inNamespace(pidNamespace: string): InheritedSign {
    return new InheritedSign(new LinuxLife(() => someIdentity({ pidNamespace })));
  }

  function keep(name: string) {
    const kept = sign.keep(join(folder, name));
    if (kept === null) throw new Error('No sign could be kept.');
    onTestFinished(() => kept.close());
    return kept;
  }

  /** A process with or without the sign, that ends with the test. */
  async function child(inherits: boolean): Promise<ChildProcess & { pid: number }> {
    const started = spawn('sleep', ['1000'], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', inherits ? (sign.descriptor ?? 'ignore') : 'ignore'],
    });
    await once(started, 'spawn');
    onTestFinished(() => void started.kill('SIGKILL'));
    return Object.assign(started, { pid: started.pid ?? 0 });
  }

  it('is kept before a claim everywhere', () => {
    expect(sign.when).toBe('claiming');
    expect(inNamespace('pid:[4026532001]').when).toBe('entering');
  });

  it('is the oldest that is open, which is that of the lock', () => {
    expect(sign.descriptor).toBeNull();
    const first = keep('first');
    const second = keep('second');
    expect(sign.descriptor).toBe(first.descriptor);
    second.close();
    expect(sign.descriptor).toBe(first.descriptor);
    first.close();
    expect(sign.descriptor).toBeNull();
  });

  it('is none if it cannot be inherited, and leaves nothing', () => {
    const life = new LinuxLife(() => someIdentity());
    const keepWithout: LinuxLife['keep'] = (path) => {
      const kept = life.keep(path);
      return kept && { ...kept, descriptor: null };
    };
    sign = new InheritedSign(Object.assign(Object.create(life), { keep: keepWithout }));

    expect(sign.keep(join(folder, 'sign'))).toBeNull();
    expect(existsSync(join(folder, 'sign'))).toBe(false);
  });

  it('is taken for inherited until a look tells otherwise', async () => {
    keep('sign');
    const [heir, other] = [await child(true), await child(false)];

    expect(sign.isInherited).toBe(true);
    expect(sign.look([heir.pid])).toBe(false);
    expect(sign.look([{ group: heir.pid }])).toBe(false);
    expect(sign.look([heir.pid, { group: other.pid }])).toBe(true);
    expect(sign.isInherited).toBe(false);
    expect(sign.look([other.pid])).toBe(false);
    expect(sign.look([heir.pid])).toBe(true);
    expect(sign.isInherited).toBe(true);
  });

  it('is not missed in a process that has ended', async () => {
    keep('sign');
    const other = await child(false);
    other.kill('SIGKILL');
    await once(other, 'exit');

    expect(sign.look([other.pid])).toBe(false);
  });

  it('makes the lock name the workers again when one of them has closed it', async () => {
    keep('sign');
    const heir = await child(true);
    const other = await child(false);
    const lock = await acquire('nightly', { store: memoryStore() });
    const named = new Promise<readonly unknown[]>((resolve) => {
      lock.setWorkers = async (workers) => resolve(workers);
    });
    const stop = sign.watch(lock, [heir.pid, other.pid]);
    onTestFinished(stop);

    expect(await named).toEqual([heir.pid, other.pid]);
    await lock.release();
  });

  it('exists on this system', () => {
    expect(makeInheritedSign()).toBeInstanceOf(InheritedSign);
  });
});
