import { cpSync, existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { acquire } from '../src/index.js';
import { type Death, death, nextMessage, startProgram } from '../support/actors.js';
import { canUnshare, isPosix, temporaryFolder } from '../support/machine.js';
import { poll } from '../support/running.js';

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

test('the library listens to nothing before the first lock is held, and after the last is released', async () => {
  const seen = await nextMessage(startProgram('exits', ['listeners', folder]));
  expect(seen).toMatchObject({
    before: { isAsMade: true },
    held: { isAsMade: false },
    // Or the event loop could rest before it listens.
    turns: true,
    later: { isAsMade: false, listeners: expect.arrayContaining(['SIGTERM 1']) },
    stillHeld: { isAsMade: false, listeners: expect.arrayContaining(['SIGTERM 1']) },
  });
  if (isPosix) expect(seen).toMatchObject({ later: { listeners: expect.arrayContaining(['SIGQUIT 1']) } });
  const { before, held } = Object(seen);
  expect(seen).toMatchObject({ imported: before, held: { listeners: before.listeners }, released: before });
  expect(held.isAsMade).toBe(false);
});

test('two copies of the library listen once, and leave nothing behind', async () => {
  copyLibrary();
  const seen = await nextMessage(
    startProgram('exits', ['has two copies that take turns', folder], { isQuiet: true }),
  );
  const listening = { isAsMade: false, listeners: expect.arrayContaining(['SIGTERM 1']) };
  expect(seen).toMatchObject({ held: listening, stillHeld: listening, released: Object(seen).before });
});

describe('signal-exit does not keep a lock from being released', () => {
  test('that is held when it is used', async () => {
    expect(await endOf('uses signal-exit with a lock')).toMatchObject({ code: 8 });
    expect(readdirSync(folder)).toEqual(['called']);
  });

  test('that is held when it is no longer used', async () => {
    expect(await endOf('no longer uses signal-exit with a lock')).toMatchObject({ code: 8 });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('and nothing is left behind if it was loaded when a lock was held', async () => {
    const seen = await nextMessage(
      startProgram('exits', ['uses signal-exit for a while', folder], { isQuiet: true }),
    );
    expect(Object(seen).released).toEqual(Object(seen).before);
  });
});

describe.skipIf(!isPosix)('SIGTERM ends a program at once that never yields', () => {
  test.each(['spins after the import', 'spins after the release'])('and %s', async (scenario) => {
    expect(await endBySignal(scenario, 'SIGTERM')).toMatchObject({ signal: 'SIGTERM' });
  });

  test('and spins with the lock, which the next one takes over', async () => {
    const program = startProgram('exits', ['spins with the lock', folder], { isQuiet: true });
    const path = join(folder, 'job.lock');
    await poll('It is not held', () => existsSync(path));
    program.kill('SIGTERM');
    expect(await death(program)).toMatchObject({ signal: 'SIGTERM' });
    const lock = await acquire(path);
    expect(lock.predecessor).toMatchObject({ state: 'dead', record: { process: { pid: program.pid } } });
    await lock.release();
  });
});

describe('a program whose exit listener throws ends with the same status', () => {
  test.each(['throws at exit after the import', 'throws at exit with a lock'])('and %s', async (scenario) => {
    const { code } = await endOf('throws at exit');
    expect(code).not.toBe(0);
    expect(await endOf(scenario)).toMatchObject({ code });
    expect(readdirSync(folder)).toEqual([]);
  });
});

test.each([
  [
    'an exit listener that ends the process itself does not keep the lock from being released',
    'ends within its listener of exit',
    9,
  ],
  ["the lock is held until the program's exit listeners have been called", 'looks for its lock at exit', 8],
  [
    'a copy of the process that emits in its own way, such as in Jest, changes nothing',
    'has a copy of the process',
    8,
  ],
  ['a thread that ends releases its lock', 'has a thread', 6],
  [
    'a thread that ends in the turn in which it gets a lock releases it',
    'has threads that end while they acquire',
    8,
  ],
  [
    'timers and promises of another kind, as in a simulated page, change nothing',
    'has timers and promises of another kind',
    8,
  ],
  ['nothing is claimed by a program whose end cannot be watched', 'cannot be changed', 8],
])('%s', async (_what, scenario, code) => {
  expect(await endOf(scenario)).toMatchObject({ code });
  expect(readdirSync(folder)).toEqual([]);
});

describe.skipIf(!isPosix)('a signal', () => {
  test('is left to a one-time listener of the program that was added before the lock', async () => {
    expect(await endBySignal('has its own listener before', 'SIGTERM')).toMatchObject({ code: 7 });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGQUIT', 'SIGALRM'] as const)('such as %s releases the lock', async (signal) => {
    expect(await endBySignal('waits', signal)).toMatchObject({ signal });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is left to a one-time listener of the program that is called before the others', async () => {
    expect(await endBySignal('has its own listener in front', 'SIGTERM')).toMatchObject({ code: 7 });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(['raises its signal again', 'raises its signal again later', 'is ended by a second signal'])(
    'releases the lock of a program that handles it, and then %s',
    async (scenario) => {
      expect(await endBySignal(scenario, 'SIGTERM')).toMatchObject({ signal: 'SIGTERM' });
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test('that the program, or one of its threads, raises and handles leaves its locks alone', async () => {
    expect(await endOf('has a thread that raises a signal for it')).toMatchObject({ code: 8 });
  });

  test('of a program with a `process.kill` of its own is left to that', async () => {
    expect(await endOf('has a `process.kill` of its own')).toMatchObject({ code: 8 });
  });

  test.skipIf(!canUnshare)(
    'to the first process of a container, which the kernel drops, changes nothing',
    async () => {
      const container = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
      const program = startProgram('exits', ['is the first process of a container', folder], {
        within: container,
        isQuiet: true,
      });
      expect(await death(program)).toMatchObject({ code: 8 });
    },
  );

  test('releases the locks of two copies of the library', async () => {
    copyLibrary();
    expect(await endBySignal('has two copies', 'SIGTERM')).toMatchObject({ signal: 'SIGTERM' });
    expect(readdirSync(folder).toSorted()).toEqual(['copy', 'node_modules', 'package.json']);
  });

  test('releases the lock beside signal-exit, which is called too', async () => {
    expect(await endBySignal('has signal-exit 4', 'SIGTERM')).toMatchObject({ signal: 'SIGTERM' });
    expect(readdirSync(folder)).toEqual(['called']);
  });

  test('releases the lock beside the signal-exit of proper-lockfile', async () => {
    expect(await endBySignal('has signal-exit 3', 'SIGTERM')).toMatchObject({ signal: 'SIGTERM' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

function endOf(scenario: string): Promise<Death> {
  return death(startProgram('exits', [scenario, folder], { isQuiet: true }));
}

/** Sends the signal when the program says that it is ready. */
async function endBySignal(scenario: string, signal: NodeJS.Signals): Promise<Death> {
  const program = startProgram('exits', [scenario, folder], { isQuiet: true });
  expect(await nextMessage(program)).toMatch(/^(?:spinning|waiting)$/);
  program.kill(signal);
  return death(program);
}

function copyLibrary(): void {
  cpSync(projectFile('dist'), join(folder, 'copy'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(projectFile('node_modules'), join(folder, 'node_modules'));
}

function projectFile(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}
