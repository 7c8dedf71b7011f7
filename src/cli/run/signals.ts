import { constants } from 'node:os';
import { ExitCode } from '../exit-codes.js';

/** What is passed on to the command. */
const FORWARDED: readonly NodeJS.Signals[] =
  process.platform === 'win32'
    ? ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK']
    : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/** Whether a terminal sends it to all of its foreground group by itself. */
export function isOfTheKeyboard(signal: NodeJS.Signals): boolean {
  return signal === 'SIGINT' || signal === 'SIGQUIT' || signal === 'SIGBREAK';
}

/** As a shell: 128 and the signal's number. */
export function statusOf(signal: NodeJS.Signals | null): number {
  return ExitCode.signal + (signal === null ? 0 : constants.signals[signal]);
}

/** The signals that this process gets. Before there is a command they end the waiting, then they are the command's. */
export class Signals {
  readonly #stopWaiting = new AbortController();
  readonly #listeners = new Map<NodeJS.Signals, () => void>();
  received: NodeJS.Signals | null = null;
  #receiver: ((signal: NodeJS.Signals) => void) | null = null;

  constructor() {
    for (const signal of FORWARDED) {
      const listener = () => this.#receive(signal);
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  get aborted(): AbortSignal {
    return this.#stopWaiting.signal;
  }

  passTo(receiver: (signal: NodeJS.Signals) => void): void {
    this.#receiver = receiver;
    if (this.received !== null) receiver(this.received);
  }

  ignore(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }

  #receive(signal: NodeJS.Signals): void {
    this.received = signal;
    this.#stopWaiting.abort();
    this.#receiver?.(signal);
  }
}
