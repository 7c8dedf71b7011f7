import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childrenOf } from '../support/children.js';
import type { Namespace } from './namespaces/namespace.js';
import { isMessage, type Message, type WorkerSettings } from './protocol.js';

const PROGRAM = fileURLToPath(new URL('./worker/program.js', import.meta.url));

const living = new Set<WorkerProcess>();

// However this process ends, except by SIGKILL: a stopped worker would not notice by itself.
process.on('exit', () => {
  for (const worker of living) worker.signal('SIGKILL');
});

/** One of the contending processes, as seen by the torture. */
export class WorkerProcess {
  /** In a namespace: that of the shell outside which waits for it. */
  readonly pid: number;
  /** Resolves when it has ended and all its messages have been received: with `null` if it ended well, else with how it ended. */
  readonly end: Promise<string | null>;
  readonly #child: ChildProcess;
  readonly #isInside: boolean;
  #hasEnded = false;
  #hasStoppedItself = false;

  /** @param namespace Where it runs; `null`: beside the torture. */
  constructor(settings: WorkerSettings, namespace: Namespace | null) {
    const command = [...(namespace?.entrance() ?? []), process.execPath, PROGRAM, JSON.stringify(settings)];
    const [program = '', ...args] = command;
    const child = spawn(program, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    living.add(this);
    this.#child = child;
    this.#isInside = namespace !== null;
    this.pid = child.pid ?? Number.NaN;
    this.end = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      // Not `exit`, after which messages may still arrive.
      child.once('close', (code, signal) => resolve(code === 0 ? null : (signal ?? `exit code ${code}`)));
    });
    void this.end.then(() => {
      this.#hasEnded = true;
      living.delete(this);
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether it was about to stop itself, and has not yet reported that it continues. */
  get hasStoppedItself(): boolean {
    return this.#hasStoppedItself;
  }

  onMessage(hear: (message: Message) => void): void {
    this.#child.on('message', (message) => {
      if (!isMessage(message)) throw new TypeError(`Not a message: ${JSON.stringify(message)}`);
      if (message.what === 'striking') this.#hasStoppedItself = message.by === 'SIGSTOP';
      if (message.what === 'resumed') this.#hasStoppedItself = false;
      hear(message);
    });
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#isInside) this.#signalInside(signal);
    else this.#child.kill(signal);
  }

  /** Asks it to end after its current turn. */
  finish(): void {
    // If it has ended meanwhile, nothing is left to do.
    this.#child.send('finish', () => {});
  }

  #signalInside(signal: NodeJS.Signals): void {
    if (this.#hasEnded) return;
    try {
      const [pid] = childrenOf(this.#child.pid);
      if (pid !== undefined) process.kill(pid, signal);
      // The shell has not started it yet, or has waited for its end already.
      else if (signal === 'SIGKILL') this.#child.kill(signal);
    } catch {
      // It has ended at this moment.
    }
  }
}
