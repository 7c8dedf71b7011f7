// A program that shows how the library changes the way it ends: node exits.js <scenario> <folder>

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';

const [, , scenario = '', folder = ''] = process.argv;
const path = join(folder, 'job.lock');
const { kill } = process;
const before = describe();
const scenarios = new Map<string, () => unknown>([
  [
    'listeners',
    async () => {
      const { acquire } = await load();
      const imported = describe();
      const [one, other] = [await acquire(path), await acquire(join(folder, 'other.lock'))];
      const held = describe();
      const turns = process.getActiveResourcesInfo().includes('Immediate');
      await nextTurn();
      const later = describe();
      await one.release();
      const stillHeld = describe();
      await other.release();
      await say({ before, imported, held, turns, later, stillHeld, released: describe() });
    },
  ],
  [
    'spins after the import',
    async () => {
      await load();
      await say('spinning');
      spin();
    },
  ],
  [
    'spins with the lock',
    async () => {
      const { acquire } = await load();
      await say('spinning');
      await acquire(path);
      spin();
    },
  ],
  [
    'spins after the release',
    async () => {
      const lock = await hold();
      await nextTurn();
      await lock.release();
      await say('spinning');
      spin();
    },
  ],
  ['throws at exit', () => process.once('exit', fail)],
  [
    'throws at exit after the import',
    async () => {
      await load();
      process.once('exit', fail);
    },
  ],
  [
    'throws at exit with a lock',
    async () => {
      await hold();
      process.once('exit', fail);
    },
  ],
  [
    'has a copy of the process',
    async () => {
      await hold();
      const copy: unknown = Object.create(process, Object.getOwnPropertyDescriptors(process));
      Object.assign(Object(copy), { emit: fail });
      process.once('exit', () => {
        process.exitCode = existsSync(path) ? 8 : 1;
      });
    },
  ],
  [
    'ends within its listener of exit',
    async () => {
      process.once('exit', () => process.exit(9));
      await hold();
    },
  ],
  [
    'looks for its lock at exit',
    async () => {
      await hold();
      process.once('exit', () => {
        process.exitCode = existsSync(path) ? 8 : 1;
      });
    },
  ],
  [
    'has its own listener before',
    async () => {
      process.once('SIGTERM', async () => {
        await sleep(1);
        process.exit(existsSync(path) ? 7 : 1);
      });
      await hold();
      await wait();
    },
  ],
  [
    'raises its signal again',
    async () => {
      await hold();
      const end = keepAlive();
      process.once('SIGTERM', () => {
        end();
        process.kill(process.pid, 'SIGTERM');
      });
      await nextTurn();
      await say('waiting');
    },
  ],
  [
    'raises its signal again later',
    async () => {
      await hold();
      const end = keepAlive();
      process.once('SIGTERM', async () => {
        await sleep(1);
        end();
        process.kill(process.pid, constants.signals.SIGTERM);
      });
      await nextTurn();
      await say('waiting');
    },
  ],
  [
    'is ended by a second signal',
    async () => {
      await hold();
      process.once('SIGTERM', () => execFileSync('kill', ['-TERM', String(process.pid)]));
      await wait();
    },
  ],
  [
    'has a thread that raises a signal for it',
    async () => {
      const { acquire } = await load();
      await acquire(join(folder, 'other.lock'));
      await nextTurn();
      keepAlive();
      process.on('SIGTERM', () => {});
      const handled = once(process, 'SIGTERM');
      process.kill(process.pid, 'SIGTERM');
      await handled;
      if (!existsSync(join(folder, 'other.lock'))) process.exit(1);
      const handledAgain = once(process, 'SIGTERM');
      const worker = new Worker(new URL(import.meta.url), { argv: ['raises a signal', folder] });
      const [code] = await once(worker, 'exit');
      await handledAgain;
      process.exit(code);
    },
  ],
  [
    'raises a signal',
    async () => {
      await hold();
      await nextTurn();
      process.kill(process.pid, 'SIGTERM');
      process.exit(existsSync(path) ? 8 : 1);
    },
  ],
  [
    'is the first process of a container',
    async () => {
      await hold();
      await nextTurn();
      keepAlive();
      const laterSignal = once(process, 'SIGWINCH');
      for (const signal of ['-TERM', '-WINCH']) execFileSync('kill', [signal, String(process.pid)]);
      await laterSignal;
      process.kill(process.pid, 'SIGTERM');
      process.exit(process.pid === 1 && existsSync(path) ? 8 : 1);
    },
  ],
  [
    'has a `process.kill` of its own',
    async () => {
      await load();
      process.kill = () => true;
      await hold();
      await nextTurn();
      process.kill(process.pid, 'SIGTERM');
      process.exit(existsSync(path) ? 8 : 1);
    },
  ],
  [
    'has its own listener in front',
    async () => {
      await hold();
      await nextTurn();
      process.prependOnceListener('SIGTERM', async () => {
        await sleep(1);
        process.exit(existsSync(path) ? 7 : 1);
      });
      await wait();
    },
  ],
  [
    'waits',
    async () => {
      await hold();
      await wait();
    },
  ],
  [
    'has two copies',
    async () => {
      const copy = await loadCopy();
      await copy.acquire(join(folder, 'other.lock'));
      await hold();
      await wait();
    },
  ],
  [
    'has two copies that take turns',
    async () => {
      const [{ acquire }, copy] = [await load(), await loadCopy()];
      const { memoryStore } = await import('livinglock/testing');
      const store = memoryStore();
      const [one, other] = [await acquire('one', { store }), await copy.acquire('other', { store })];
      await nextTurn();
      const held = describe();
      await one.release();
      await nextTurn();
      const stillHeld = describe();
      await other.release();
      // More than there is room for on the stack, if each turn left something in the way of events.
      for (let turn = 0; turn < 12_000; turn++) {
        const [one, other] = [await acquire('one', { store }), await copy.acquire('other', { store })];
        await one.release();
        await other.release();
      }
      process.emit('warning', new Error('made up'));
      await say({ before, held, stillHeld, released: describe() });
    },
  ],
  [
    'has signal-exit 4',
    async () => {
      const { onExit } = await import('signal-exit');
      onExit(() => writeFileSync(join(folder, 'called'), ''));
      await hold();
      await wait();
    },
  ],
  [
    'uses signal-exit with a lock',
    async () => {
      const { onExit } = await import('signal-exit');
      await hold();
      onExit(() => writeFileSync(join(folder, 'called'), ''));
      process.once('exit', () => {
        process.exitCode = existsSync(path) ? 8 : 1;
      });
    },
  ],
  [
    'no longer uses signal-exit with a lock',
    async () => {
      const { onExit } = await import('signal-exit');
      await hold();
      onExit(fail)();
      process.exit(8);
    },
  ],
  [
    'uses signal-exit for a while',
    async () => {
      const lock = await hold();
      const { onExit } = await import('signal-exit');
      const first = onExit(fail);
      first();
      const second = onExit(fail);
      await lock.release();
      const other = await hold();
      second();
      await other.release();
      await say({ before, released: describe() });
    },
  ],
  [
    'has signal-exit 3',
    async () => {
      await import('proper-lockfile');
      await hold();
      await wait();
    },
  ],
  [
    'has a thread',
    () => {
      const worker = new Worker(new URL(import.meta.url), { argv: ['a thread', folder] });
      worker.once('exit', (code) => process.exit(code));
    },
  ],
  [
    'has threads that end while they acquire',
    async () => {
      const { inspect } = await load();
      const states = new Set<string>();
      for (let turns = 0; turns < 16; turns++) {
        const argv = ['ends while it acquires', folder, String(turns)];
        const worker = new Worker(new URL(import.meta.url), { argv });
        await new Promise((resolve) => worker.once('exit', resolve));
        states.add((await inspect(path)).state);
      }
      process.exit(states.size === 1 && states.has('free') ? 8 : 1);
    },
  ],
  [
    'ends while it acquires',
    async () => {
      const { acquire } = await load();
      await (await acquire(path)).release();
      void acquire(path);
      for (let turns = Number(process.argv[4]); turns > 0; turns--) await null;
      process.exit();
    },
  ],
  [
    'has timers and promises of another kind',
    async () => {
      Reflect.deleteProperty(globalThis, 'setImmediate');
      Reflect.deleteProperty(globalThis, 'clearImmediate');
      const { setTimeout: start } = globalThis;
      Reflect.set(globalThis, 'setTimeout', (...call: Parameters<typeof start>) => Number(start(...call)));
      Reflect.set(
        globalThis,
        'Promise',
        class<T> extends Promise<T> {
          constructor(executor: ConstructorParameters<typeof Promise<T>>[0]) {
            super(executor);
            if (new.target !== globalThis.Promise) throw new TypeError('cannot be extended');
          }
        },
      );
      const { acquire } = await load();
      const { memoryStore } = await import('livinglock/testing');
      const memory = memoryStore();
      const store = {
        ...memory,
        beat: async (...beat: Parameters<typeof memory.beat>) => memory.beat(...beat),
      };
      for (const lock of [
        await acquire(path),
        await acquire('in memory', { store, heartbeatMinimalInterval: 0 }),
      ]) {
        await lock.heartBeat({ progress: 1 });
        await lock.release();
      }
      process.exit(8);
    },
  ],
  [
    'cannot be changed',
    async () => {
      const { acquire, inspect } = await load();
      Object.defineProperty(process, 'emit', { value: process.emit });
      Object.defineProperty(process, 'emit', { configurable: false, writable: false });
      const refusal = await acquire(path).catch((error: unknown) => error);
      process.exit(refusal instanceof TypeError && (await inspect(path)).state === 'free' ? 8 : 1);
    },
  ],
  [
    'a thread',
    async () => {
      await hold();
      process.exit(existsSync(path) ? 6 : 1);
    },
  ],
]);

await scenarios.get(scenario)?.();
if (isMainThread && process.connected) process.disconnect();

/** Loads the library only when a scenario asks for it. */
function load(): Promise<typeof import('livinglock')> {
  return import('livinglock');
}

/** Another copy of the library, which the test has made. */
function loadCopy(): Promise<typeof import('livinglock')> {
  return import(pathToFileURL(join(folder, 'copy', 'index.js')).href);
}

async function hold() {
  const { acquire } = await load();
  return acquire(path);
}

/** The listeners on the process, and whether it emits events as Node does. */
function describe() {
  const listeners = process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);
  return { listeners, isAsMade: !Object.hasOwn(process, 'emit') && process.kill === kill };
}

function say(message: unknown): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

/** Until a signal comes, but not forever, in case nobody sends one. */
async function wait(): Promise<void> {
  setTimeout(() => process.exit(1), 60_000);
  // From then on the library listens to signals.
  await nextTurn();
  await say('waiting');
}

/** Until the returned function is called. */
function keepAlive(): () => void {
  const timer = setTimeout(() => process.exit(1), 60_000);
  return () => {
    clearTimeout(timer);
    if (process.connected) process.disconnect();
  };
}

function spin(): never {
  const end = Date.now() + 60_000;
  while (Date.now() < end);
  process.exit(1);
}

function fail(): never {
  throw new Error('made up');
}
