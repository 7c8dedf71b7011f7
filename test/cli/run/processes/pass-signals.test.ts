import inspector from 'node:inspector';
import { constants } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endEarly } from '../../../../src/cli/early-signal.js';
import { isOfTheKeyboard, Signals, statusOf } from '../../../../src/cli/run/processes/pass-signals.js';
import { replace } from '../../../../support/replace.js';

const SIGNALS: readonly NodeJS.Signals[] = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGABRT'] as const),
  ...(['SIGVTALRM', 'SIGSYS', 'SIGTRAP'] as const),
  ...(process.platform === 'linux' ? (['SIGIO', 'SIGPWR', 'SIGSTKFLT'] as const) : []),
];

describe('signals of a run', () => {
  let signals: Signals | undefined;

  /** Who else listens: what runs the tests ends at some of them. */
  let others: ReadonlySet<unknown>;

  beforeEach(() => {
    signals = undefined;
    others = new Set(SIGNALS.flatMap((signal) => process.listeners(signal)));
  });

  function deliver(signal: NodeJS.Signals): void {
    const listeners = process.listeners(signal).filter((listener) => !others.has(listener));
    for (const listener of listeners) Reflect.apply(listener, process, [signal]);
  }

  afterEach(() => {
    signals?.stopListening();
    vi.unstubAllEnvs();
  });

  function listen(ignoreHangup = false): Signals {
    signals = new Signals(ignoreHangup);
    return signals;
  }

  it.skipIf(process.platform === 'win32').each(SIGNALS)(
    'end the waiting, and then go to the command: %s',
    (signal) => {
      const listening = listen();
      expect(listening.received).toBeNull();
      deliver(signal);
      expect(listening.received).toBe(signal);
      expect(listening.aborted.aborted).toBe(true);
      const passed: NodeJS.Signals[] = [];
      listening.passTo((each) => passed.push(each));
      deliver(signal);
      expect(passed).toEqual([signal]);
      listening.stopListening();
      deliver(signal);
      expect(passed).toEqual([signal]);
    },
  );

  it('do not include those that concern this process alone', () => {
    listen();
    for (const signal of ['SIGPIPE', 'SIGPROF', 'SIGCHLD', 'SIGWINCH', 'SIGSEGV'] as const) {
      const known = process.listenerCount(signal);
      new Signals(false).stopListening();
      expect(process.listenerCount(signal)).toBe(known);
    }
    expect(signals?.aborted.aborted).toBe(false);
  });

  it('leave SIGHUP out on request, and only that', () => {
    const listening = listen(true);
    deliver('SIGHUP');
    expect(listening.received).toBeNull();
    deliver('SIGTERM');
    expect(listening.received).toBe('SIGTERM');
  });

  it.skipIf(process.platform === 'win32')(
    'leave out what the kernel sends to each process because of its own limits',
    () => {
      const known = process.listenerCount('SIGXFSZ');
      const listening = listen();
      expect(process.listenerCount('SIGXFSZ')).toBe(known);
      deliver('SIGXCPU');
      expect(listening.received).toBeNull();
    },
  );

  it('take SIGUSR1 over from the start of the program', () => {
    process.on('SIGUSR1', endEarly);
    listen();
    expect(process.listeners('SIGUSR1')).not.toContain(endEarly);
  });

  describe('that came before this process listened', () => {
    let isClosed: boolean;

    beforeEach(() => {
      isClosed = false;
    });

    function debuggerAt(url: string | undefined): void {
      const close = () => {
        isClosed = true;
      };
      replace(inspector, { url: () => url, close });
    }

    it('have opened a debugger, which is closed', () => {
      debuggerAt('ws://127.0.0.1:9229/x');
      expect(listen().received).toBe('SIGUSR1');
      expect(isClosed).toBe(true);
    });

    it('have not opened the debugger that a user asked for', () => {
      debuggerAt('ws://127.0.0.1:9229/x');
      vi.stubEnv('NODE_OPTIONS', '--no-warnings --inspect=0');
      expect(listen().received).toBeNull();
      expect(isClosed).toBe(false);
    });

    it('have opened none', () => {
      debuggerAt(undefined);
      expect(listen().received).toBeNull();
      expect(isClosed).toBe(false);
    });
  });
});

describe('a signal', () => {
  it('gives the exit status of a shell', () => {
    expect(statusOf('SIGTERM')).toBe(128 + constants.signals.SIGTERM);
    expect(statusOf(null)).toBe(128);
  });

  it('may come from the keyboard', () => {
    const all = ['SIGINT', 'SIGQUIT', 'SIGBREAK', 'SIGTERM', 'SIGHUP'] as const;
    expect(all.filter(isOfTheKeyboard)).toEqual(['SIGINT', 'SIGQUIT', 'SIGBREAK']);
  });
});
