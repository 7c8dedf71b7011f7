// Used instead of the package signal-exit, with which the exit status becomes 0 if an exit listener of the program throws, and a listener
// for each signal comes and goes with every lock.

import { isBun } from './runtime.js';

/** The signals that end a process and can be caught without harm. */
const SIGNALS = signalsOf(process.platform);

/** Marks the listeners of all copies of this module in a process: each must know that the others' are not handlers of the program. */
const EXIT_LISTENER = Symbol.for('livinglock exit listener');

const releases = new Set<() => void>();
/** Undoes what {@link listen} did. */
let stopListening: (() => void) | undefined;

const onSignal = Object.assign(endBySignal, { [EXIT_LISTENER]: true });

/**
 * Calls the function when the process ends: normally, by an exception, or by a signal that no listener of the program handles. Not
 * after SIGKILL. Returns a function that takes it back. The process is not touched before the first call, and everything
 * is undone after the last function is taken back.
 */
export function callOnExit(release: () => void): () => void {
  releases.add(release);
  stopListening ??= listen();
  return () => {
    releases.delete(release);
    if (releases.size === 0) stop();
  };
}

function stop(): void {
  stopListening?.();
  stopListening = undefined;
}

function releaseAll(): void {
  stop();
  const calls = [...releases];
  releases.clear();
  for (const call of calls) call();
}

/**
 * The signals are left alone until the event loop turns: before that no listener could be called, so a signal would not end a program that never
 * yields, as it does without a lock. And each listener costs 5 µs, which a lock that is released within the same turn saves.
 */
function listen(): () => void {
  const stopWatching = isBun ? listenToExit() : watchExit();
  // Not `unref`, with which it would wait for some other event.
  const listening = setImmediate(() => {
    // In front of the others: a `once` listener of the program is gone when it has been called.
    for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  });
  return () => {
    clearImmediate(listening);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    stopWatching();
  };
}

/** Bun calls the listeners itself. Ours is called before those that are added later. */
function listenToExit(): () => void {
  process.on('exit', releaseAll);
  return () => process.removeListener('exit', releaseAll);
}

/**
 * Releases after all `exit` listeners, which may still write what the lock protects, even if one of them throws or calls
 * `process.exit()`. A listener of our own would be called before any that were added later.
 */
function watchExit(): () => void {
  const isInherited = !Object.hasOwn(process, 'emit');
  const original = process.emit;
  const watched = new Proxy(original, {
    apply(emit, self, args: [unknown, ...unknown[]]) {
      if (args[0] !== 'exit' || releases.size === 0) return Reflect.apply(emit, self, args);
      const stopWatching = watchReallyExit();
      try {
        return Reflect.apply(emit, self, args);
      } finally {
        stopWatching();
        releaseAll();
      }
    },
  });
  process.emit = watched;
  return () => {
    // If somebody else wrapped ours, their wrapper stays.
    if (process.emit !== watched) return;
    if (isInherited) Reflect.deleteProperty(process, 'emit');
    else process.emit = original;
  };
}

/** What `process.exit()` calls while `exit` is already being emitted. */
function watchReallyExit(): () => void {
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

/** Without our listener the signal does what it would have done anyway. */
function endBySignal(signal: NodeJS.Signals): void {
  if (isHandled(signal)) return;
  releaseAll();
  // Windows cannot send SIGHUP.
  process.kill(process.pid, process.platform === 'win32' && signal === 'SIGHUP' ? 'SIGINT' : signal);
}

/** Whether the program has a listener that decides what the signal does. Listeners of signal-exit, like ours, let the signal end the process. */
function isHandled(signal: NodeJS.Signals): boolean {
  const listeners = process.listeners(signal);
  const ours = listeners.filter((listener) => EXIT_LISTENER in listener).length;
  const version3 = countIn(Reflect.get(process, '__signal_exit_emitter__'));
  const version4 = countIn(Reflect.get(globalThis, Symbol.for('signal-exit emitter')));
  return listeners.length > ours + version3 + version4;
}

/** How many copies of signal-exit listen, according to the object they share. */
function countIn(emitter: unknown): number {
  const isShared = typeof emitter === 'object' && emitter !== null && 'count' in emitter;
  return isShared && typeof emitter.count === 'number' ? emitter.count : 0;
}

function signalsOf(platform: NodeJS.Platform): readonly NodeJS.Signals[] {
  const common: NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];
  if (platform === 'win32') return common;
  const posix: NodeJS.Signals[] = [
    ...common,
    'SIGALRM',
    'SIGABRT',
    'SIGVTALRM',
    'SIGXCPU',
    'SIGXFSZ',
    'SIGUSR2',
    'SIGTRAP',
    'SIGSYS',
    'SIGQUIT',
  ];
  return platform === 'linux' ? [...posix, 'SIGIO', 'SIGPWR', 'SIGSTKFLT'] : posix;
}
