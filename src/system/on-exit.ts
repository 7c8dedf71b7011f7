// Used instead of the package signal-exit, with which the exit status becomes 0 if an exit listener of the program throws, and a listener
// for each signal comes and goes with every lock.

import { constants } from 'node:os';
// The global ones may be missing, as in a page that a test simulates, or be those of a test.
import { clearImmediate, setImmediate } from 'node:timers';
import { ENDING_SIGNALS } from './ending-signals.js';
import { isBun, isDeno } from './runtime.js';
import { threadId } from './thread.js';

/** What all copies of this module in a process share: each would take the listeners of the others for handlers of the program. */
const SHARED = Symbol.for('livinglock at exit');

interface Listening {
  readonly releases: Set<() => void>;
  readonly stop: () => void;
}

type Emit = typeof process.emit;
/** Any other is the program's own, such as that of a test, which knows better what a signal does. */
const { kill: KILL } = process;
/** What each `process.emit` of ours calls; see {@link watchExit}. */
const emits = new WeakMap<Emit, Emit>();

/**
 * Calls the function when the process ends: normally, by an exception, or by a signal that no listener of the program handles. Not
 * after SIGKILL. Returns a function that takes it back. The process is not touched before the first call, and everything
 * is undone after the last function is taken back.
 */
export function callOnExit(release: () => void): () => void {
  const { releases, stop }: Listening = Reflect.get(process, SHARED) ?? listen();
  releases.add(release);
  return () => {
    if (releases.delete(release) && releases.size === 0) stop();
  };
}

/**
 * The signals are left alone until the event loop turns: before that no listener could be called, so a signal would not end a program that never
 * yields, as it does without a lock. And each listener costs 5 µs, which a lock that is released within the same turn saves.
 *
 * The first process of a container goes on after a signal for which the program has no listener (pid_namespaces(7)), and so must its locks.
 */
function listen(): Listening {
  const releases = new Set<() => void>();
  const stopWatchingExit = isBun ? listenToExit(releaseAll) : watchExit(releaseAll);
  const stopWatchingKill = watchKill(endsAtOnce, releaseAll);
  const isFirst = process.pid === 1 && process.platform !== 'win32';
  const signals = isFirst ? [] : ENDING_SIGNALS;
  // Not `unref`, with which it would wait for some other event.
  const listening = setImmediate(() => {
    for (const signal of signals) process.prependListener(signal, onSignal);
    // Deno calls them in the order in which they were added.
    if (!isDeno && !isFirst) process.on('newListener', stayInFront);
  });
  const shared = { releases, stop };
  Object.defineProperty(process, SHARED, { get: sharedBy, configurable: true });
  return shared;

  /** Not by a copy of the process, such as that in Jest. */
  function sharedBy(this: unknown): Listening | undefined {
    return this === process ? shared : undefined;
  }

  function stop(): void {
    Reflect.deleteProperty(process, SHARED);
    clearImmediate(listening);
    process.removeListener('newListener', stayInFront);
    for (const signal of signals) process.removeListener(signal, onSignal);
    stopWatchingKill();
    stopWatchingExit();
  }

  function releaseAll(): void {
    if (releases.size === 0) return;
    stop();
    const calls = [...releases];
    releases.clear();
    for (const call of calls) call();
  }

  /** Without our listener the signal does what it would have done anyway. */
  function onSignal(signal: NodeJS.Signals): void {
    if (isHandled(signal)) return;
    releaseAll();
    // Windows cannot send SIGHUP.
    process.kill(process.pid, process.platform === 'win32' && signal === 'SIGHUP' ? 'SIGINT' : signal);
  }

  /** Whether it ends this process as soon as our listener is gone. Signals to a thread are those of the main thread, which may have a listener. */
  function endsAtOnce(signal: unknown): boolean {
    const name = ENDING_SIGNALS.find((known) => known === signal || constants.signals[known] === signal);
    // Windows cannot send it.
    if (name === undefined || (name === 'SIGHUP' && process.platform === 'win32')) return false;
    const [first, ...others] = process.listeners(name);
    return first === onSignal && others.length === 0 && threadId === 0;
  }

  /** A `once` listener is gone when it has been called, so ours must come before it. It is added after this. */
  function stayInFront(name: string | symbol): void {
    const signal = ENDING_SIGNALS.find((known) => known === name);
    if (signal === undefined) return;
    queueMicrotask(() => {
      if (releases.size === 0 || process.listeners(signal)[0] === onSignal) return;
      process.removeListener(signal, onSignal);
      process.prependListener(signal, onSignal);
    });
  }
}

/** Bun calls the listeners itself. Ours is called before those that are added later. */
function listenToExit(releaseAll: () => void): () => void {
  process.on('exit', releaseAll);
  return () => process.removeListener('exit', releaseAll);
}

/**
 * Releases after all `exit` listeners, which may still write what the lock protects, even if one of them throws or calls
 * `process.exit()`. A listener of our own would be called before any that were added later. An accessor, because a plain property would be
 * bypassed: whenever signal-exit starts or stops, it assigns what leads to the `process.emit` that it found when it was loaded.
 */
function watchExit(releaseAll: () => void): () => void {
  let watched = watch(process.emit);
  const get = () => watched;
  Object.defineProperty(process, 'emit', { get, set, enumerable: true, configurable: true });
  return () => {
    // If somebody else has defined it since, that stays.
    if (Object.getOwnPropertyDescriptor(process, 'emit')?.get !== get) return;
    const emit = emits.get(watched);
    Reflect.deleteProperty(process, 'emit');
    if (emit !== undefined && emit !== process.emit) process.emit = emit;
  };

  function set(this: object, emit: Emit): void {
    if (this === process) watched = watch(emit);
    else Object.defineProperty(this, 'emit', { value: emit, writable: true, configurable: true });
  }

  function watch(emit: Emit): Emit {
    const original = emits.get(emit) ?? emit;
    const proxy = new Proxy(original, {
      apply(_, self, args: [unknown, ...unknown[]]) {
        // Wrappers of others may call one that was in front earlier.
        if (args[0] !== 'exit' || proxy !== watched) return Reflect.apply(original, self, args);
        const stopWatching = watchReallyExit(releaseAll);
        try {
          return Reflect.apply(original, self, args);
        } finally {
          stopWatching();
          releaseAll();
        }
      },
    });
    emits.set(proxy, original);
    return proxy;
  }
}

/** What `process.exit()` calls while `exit` is already being emitted. */
function watchReallyExit(releaseAll: () => void): () => void {
  const original: unknown = Reflect.get(process, 'reallyExit');
  if (typeof original !== 'function') return () => {};
  const watched = new Proxy(original, {
    apply(reallyExit, self, args) {
      releaseAll();
      return Reflect.apply(reallyExit, self, args);
    },
  });
  Reflect.set(process, 'reallyExit', watched);
  return () => Reflect.set(process, 'reallyExit', original);
}

/**
 * A program that has handled a signal may clean up and raise it again. With our listener, the signal would come only when the event loop turns; if
 * there is nothing else to do, Node ends before, with the status 0.
 */
function watchKill(endsAtOnce: (signal: unknown) => boolean, releaseAll: () => void): () => void {
  if (process.kill !== KILL) return () => {};
  const watched = new Proxy(KILL, {
    apply(kill, self, args: unknown[]) {
      const [pid, signal] = args;
      if (Number(pid) === process.pid && endsAtOnce(signal ?? 'SIGTERM')) releaseAll();
      return Reflect.apply(kill, self, args);
    },
  });
  Reflect.set(process, 'kill', watched);
  return () => {
    // If somebody else has replaced it since, that stays.
    if (process.kill === watched) Reflect.set(process, 'kill', KILL);
  };
}

/** Whether the program has a listener that decides what the signal does. Listeners of signal-exit, like ours, let the signal end the process. */
function isHandled(signal: NodeJS.Signals): boolean {
  const version3 = countIn(Reflect.get(process, '__signal_exit_emitter__'));
  const version4 = countIn(Reflect.get(globalThis, Symbol.for('signal-exit emitter')));
  return process.listenerCount(signal) > 1 + version3 + version4;
}

/** How many copies of signal-exit listen, according to the object they share. */
function countIn(emitter: unknown): number {
  const isShared = typeof emitter === 'object' && emitter !== null && 'count' in emitter;
  return isShared && typeof emitter.count === 'number' ? emitter.count : 0;
}
