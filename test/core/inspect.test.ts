import { describe, expect, it } from 'vitest';
import { breakLock, ErrLockBusy, ErrLockLost, inspect, type Store } from '../../src/index.js';
import { fileStore } from '../../src/stores/file/index.js';
import { HOUR, MINUTE, systemError, World } from '../../support/world.js';

describe('inspecting', () => {
  it('reports the four states, and changes nothing', async () => {
    const world = new World();
    const look = () => inspect(world.path, { dependencies: world.as() });
    expect(await look()).toEqual({
      name: world.path,
      state: 'free',
      reason: 'nobody holds it',
      holder: null,
      heartbeatAge: null,
      processes: [],
    });
    expect(world.files).toEqual([]);

    const holder = world.processes.start();
    const lock = await world.acquire(holder);
    await world.clock.advance(MINUTE);
    const before = world.text;
    expect(await look()).toMatchObject({
      state: 'live',
      heartbeatAge: MINUTE,
      holder: { token: lock.token, process: holder.identity },
    });
    await world.clock.advance(HOUR);
    expect(await look()).toMatchObject({ state: 'stalled' });
    holder.kill();
    expect(await look()).toMatchObject({ state: 'dead' });
    expect(world.text).toBe(before);
    expect(world.files).toEqual(['job.lock']);
  });

  it("uses the holder's own timeout, or a longer one from the options", async () => {
    const world = new World();
    await world.acquire(world.processes.start(), { staleTimeout: '10m' });
    await world.clock.advance(11 * MINUTE);
    const dependencies = world.as();
    expect(await inspect(world.path, { dependencies })).toMatchObject({ state: 'stalled' });
    expect(await inspect(world.path, { dependencies, staleTimeout: '1h' })).toMatchObject({ state: 'live' });
    expect(await inspect(world.path, { dependencies, staleTimeout: '1m' })).toMatchObject({
      state: 'stalled',
    });
  });
});

describe('breaking', () => {
  it('does not try forever when the store says one thing and does another', async () => {
    const world = new World();
    const files = fileStore(world.as());
    await world.acquire(world.processes.start());
    let claims = 0;
    const store: Store = {
      resolve: (name) => files.resolve(name),
      read: (name) => files.read(name),
      claim: (name, claim) => {
        // Otherwise this would never end, and nothing else would ever run.
        if (++claims > 10_000) throw new Error('forever');
        return files.claim(name, claim, 'another version');
      },
      beat: (...beat) => files.beat(...beat),
      remove: (...removal) => files.remove(...removal),
    };
    await expect(
      breakLock(world.path, { force: true, store, dependencies: world.as() }),
    ).rejects.toMatchObject({
      code: 'ERR_LOCK_UNCHANGED',
      message: expect.stringContaining(`Cannot take over the lock ${world.path}: `),
    });
  });

  it('removes a lock whose holder is dead or has stalled, and says what it was', async () => {
    for (const end of ['dead', 'stalled'] as const) {
      const world = new World();
      const holder = world.processes.start();
      const lock = await world.acquire(holder);
      if (end === 'dead') holder.kill();
      else await world.clock.advance(2 * HOUR);
      const broken = await breakLock(world.path, { dependencies: world.as() });
      expect(broken).toMatchObject({ state: end, holder: { token: lock.token } });
      expect(world.files).toEqual([]);
    }
  });

  it('refuses a live one unless forced; the holder then learns of it', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start());
    const refused = breakLock(world.path, { dependencies: world.as() });
    await expect(refused).rejects.toThrow(ErrLockBusy);
    await expect(refused).rejects.toThrow(
      /has not stalled\. Nothing was changed\. To remove it anyway, use the option `force`\.$/,
    );
    expect(world.text).toContain(lock.token);
    expect(await breakLock(world.path, { dependencies: world.as(), force: true })).toMatchObject({
      state: 'live',
    });
    expect(world.files).toEqual([]);
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
  });

  it('tries a second time to remove what it has taken', async () => {
    const world = new World();
    await world.acquire(world.processes.start());
    const store = withFailingRemovals(world, 1);
    await breakLock(world.path, { force: true, store, dependencies: world.as() });
    expect(world.files).toEqual([]);
  });

  it('says that it could not remove what it has taken, and goes on trying', async () => {
    const world = new World();
    await world.acquire(world.processes.start());
    const store = withFailingRemovals(world, 2);
    const broken = breakLock(world.path, { force: true, store, dependencies: world.as() });
    await expect(broken).rejects.toThrow('EIO');
    expect(world.files).toEqual(['job.lock']);
    await world.clock.advance(MINUTE);
    expect(world.files).toEqual([]);
  });

  it('finds nothing to do where there is no lock', async () => {
    const world = new World();
    expect(await breakLock(world.path, { dependencies: world.as() })).toMatchObject({ state: 'free' });
  });

  it('breaks what a crash left behind, too', async () => {
    const world = new World();
    world.write('');
    await breakLock(world.path, { force: true, dependencies: world.as() });
    expect(world.files).toEqual([]);
  });
});

/** The world's files, of which so many removals fail. */
function withFailingRemovals(world: World, failing: number): Store {
  const files = fileStore(world.as());
  let calls = 0;
  return {
    resolve: (name) => files.resolve(name),
    read: (name) => files.read(name),
    claim: (...claim) => files.claim(...claim),
    beat: (...beat) => files.beat(...beat),
    remove: (...removal) => {
      if (++calls <= failing) throw systemError('EIO', 'unlink');
      return files.remove(...removal);
    },
  };
}
