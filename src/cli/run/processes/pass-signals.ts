import { close as closeInspector, url as inspectorUrl } from 'node:inspector';
import { constants } from 'node:os';
import { setImmediate as nextCheck } from 'node:timers/promises';
import { ENDING_SIGNALS } from '../../../system/ending-signals.js';
import { endEarly } from '../../early-signal.js';
import { ExitCode } from '../../errors/exit-codes.js';

/** About the time that this process has used, and the command gets its own from the kernel; setrlimit(2). */
const IGNORED = 'SIGXCPU';

/**
 * The signals that are passed on to the command: all that would end this process and can be caught. Not the ones that concern this
 * process alone (SIGPIPE, SIGSEGV and the like), nor SIGPROF, which V8 uses for profiling. If one of those ends this process, the command keeps the lock.
 * SIGXFSZ, which Node ignores, is about a write of this process, and the command gets its own from the kernel; setrlimit(2).
 * Node listens to SIGUSR1, SIGIO ends a process only on Linux, and SIGBREAK exists only on Windows.
 */
const FORWARDED = [...new Set<NodeJS.Signals>([...ENDING_SIGNALS, 'SIGUSR1', 'SIGIO', 'SIGBREAK'])].filter(
  (signal) => signal in constants.signals && signal !== IGNORED,
);

/** Whether a terminal itself sends the signal to its whole foreground group. */
export function isOfTheKeyboard(signal: NodeJS.Signals): boolean {
  return signal === 'SIGINT' || signal === 'SIGQUIT' || signal === 'SIGBREAK';
}

/** As a shell: 128 plus the signal's number. */
export function statusOf(signal: NodeJS.Signals | null): number {
  return ExitCode.signal + (signal === null ? 0 : constants.signals[signal]);
}

/** The signals that this process receives. Before the command starts they end the waiting; afterwards they go to the command. */
export class Signals {
  readonly #stopWaiting = new AbortController();
  readonly #listener = (signal: NodeJS.Signals) => this.#receive(signal);
  received: NodeJS.Signals | null = null;
  #receiver: ((signal: NodeJS.Signals) => void) | null = null;

  constructor(ignoreHangup: boolean) {
    for (const signal of FORWARDED) {
      process.on(signal, ignoreHangup && signal === 'SIGHUP' ? ignore : this.#listener);
    }
    if (IGNORED in constants.signals) process.on(IGNORED, ignore);
    process.off('SIGUSR1', endEarly);
    if (closeUnwantedInspector()) this.#receive('SIGUSR1');
  }

  get aborted(): AbortSignal {
    return this.#stopWaiting.signal;
  }

  /** Called once the command has been started: from then on it receives the signals. */
  passTo(receiver: (signal: NodeJS.Signals) => void): void {
    this.#receiver = receiver;
  }

  stopListening(): void {
    for (const signal of FORWARDED) process.off(signal, this.#listener);
    for (const signal of ['SIGHUP', IGNORED]) process.off(signal, ignore);
  }

  #receive(signal: NodeJS.Signals): void {
    this.received = signal;
    this.#stopWaiting.abort();
    this.#receiver?.(signal);
  }
}

function ignore(): void {}

/** One full turn of the event loop, in which signals are delivered. */
export async function turn(): Promise<void> {
  await nextCheck();
  await nextCheck();
}

/**
 * Unless a program listens to SIGUSR1, Node opens a debugger port when it arrives, for every user of the machine
 * (https://nodejs.org/api/process.html#signal-events).
 */
function closeUnwantedInspector(): boolean {
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''];
  if (inspectorUrl() === undefined || options.some((option) => option.includes('--inspect'))) return false;
  closeInspector();
  return true;
}
