import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import type { ProcessGroup } from '../../../../src/cli/run/processes/process-group.js';
import { CommandSign } from '../../../../src/cli/run/sign/command-sign.js';
import { acquire, type Life, type Lock } from '../../../../src/index.js';
import { memoryStore } from '../../../../src/testing/index.js';
import { messages, terminals } from '../stage.js';

const SIGN = 7;
const GROUP: ProcessGroup = {
  named: [{ group: 4242 }],
  signal: () => {},
  survivors: () => [],
  isGone: () => true,
};

/** Signs of life of a container, or of a machine. */
function someLife(when: Life['when'] = 'entering'): Life {
  return {
    when,
    isMovable: true,
    needsLocalFiles: false,
    keep: () => ({ descriptor: SIGN, close: () => {} }),
    ask: async () => 'unknown',
  };
}

/** A keeper, and how it comes to its end. */
function someKeeper() {
  let die = () => {};
  const ended = new Promise<void>((resolve) => {
    die = resolve;
  });
  return { keeper: { isRunning: true, tell: vi.fn(), end: vi.fn(async () => die()), ended }, die };
}

describe('the sign of a command in a container', () => {
  let said: string[];
  let lock: Lock;
  let setWorkers: MockInstance<Lock['setWorkers']>;

  beforeEach(async () => {
    terminals();
    said = messages();
    lock = await acquire('nightly', { store: memoryStore() });
    setWorkers = vi.spyOn(lock, 'setWorkers').mockResolvedValue();
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await lock.release();
  });

  /** With a sign that is kept, as the store does. */
  function signWith(...args: ConstructorParameters<typeof CommandSign>): CommandSign {
    const commandSign = new CommandSign(...args);
    commandSign.life?.keep('/locks/nightly.lock.life');
    return commandSign;
  }

  it('is held by a keeper, which hears of the command', async () => {
    const { keeper } = someKeeper();
    const start = vi.fn(async () => keeper);
    const commandSign = signWith(someLife(), start);
    expect([commandSign.willCoverCommand, commandSign.coversWorkersNow]).toEqual([true, false]);
    await commandSign.begin(lock, null, [3]);
    expect(start).toHaveBeenCalledWith({ sign: SIGN, socket: '', token: lock.token, descriptors: [3] });
    expect(commandSign.coversWorkersNow).toBe(false);
    commandSign.tell(GROUP);
    expect(keeper.tell).toHaveBeenCalledWith(4242);
    expect(commandSign.coversWorkersNow).toBe(true);
    await commandSign.end();
    expect(keeper.end).toHaveBeenCalledOnce();
    // Until the next command is to be started, the sign ends with this process, the only one that may be named.
    expect(commandSign.coversWorkersNow).toBe(true);
    await commandSign.begin(lock, null, [3]);
    expect(commandSign.coversWorkersNow).toBe(false);
    await commandSign.end();
    await keeper.ended;
    expect(setWorkers).not.toHaveBeenCalled();
    expect(said).toEqual([]);
  });

  it.each([
    { what: 'the system has no signs of life', life: null },
    { what: 'processes see each other by their PIDs', life: someLife('holding') },
  ])('is not needed where $what', async ({ life }) => {
    const start = vi.fn();
    const commandSign = signWith(life, start);
    await commandSign.begin(lock, null, []);
    commandSign.tell(GROUP);
    await commandSign.end();
    expect([commandSign.willCoverCommand, commandSign.coversWorkersNow]).toEqual([false, false]);
    expect(start).not.toHaveBeenCalled();
  });

  it('is not begun if no sign could be kept', async () => {
    const start = vi.fn();
    await signWith({ ...someLife(), keep: () => null }, start).begin(lock, null, []);
    expect(start).not.toHaveBeenCalled();
  });

  it('does not exist on a terminal, where the command has no group of its own', () => {
    terminals(0);
    expect(new CommandSign(someLife()).willCoverCommand).toBe(false);
  });

  it('is missing if no keeper can be started: that is said, and the lock names this process', async () => {
    const commandSign = signWith(someLife(), async () => {
      throw new Error('spawn EAGAIN');
    });
    await commandSign.begin(lock, null, []);
    expect(setWorkers.mock.calls).toEqual([[[process.pid]]]);
    commandSign.tell(GROUP);
    expect(commandSign.coversWorkersNow).toBe(false);
    await commandSign.end();
    expect(said).toEqual([
      expect.stringMatching(
        /Cannot start a process that keeps the lock's sign of life: spawn EAGAIN\. .*wait until the lock is stale\.\n$/,
      ),
    ]);
  });

  it('is over when its keeper dies: that is said, and the lock names the command again', async () => {
    const { keeper, die } = someKeeper();
    const commandSign = signWith(someLife(), async () => keeper);
    await commandSign.begin(lock, null, []);
    commandSign.tell(GROUP);
    keeper.isRunning = false;
    let outlasts: boolean | null = null;
    setWorkers.mockImplementation(async () => {
      outlasts = commandSign.coversWorkersNow;
      throw new Error('It has ended.');
    });
    die();
    await vi.waitFor(() => expect(outlasts).toBe(false));
    expect(setWorkers.mock.calls).toEqual([[[{ group: 4242 }]]]);
    expect(said).toEqual([
      expect.stringMatching(/keeps the lock's sign of life has ended\. .*wait until the lock is stale\.\n$/),
    ]);
  });
});
