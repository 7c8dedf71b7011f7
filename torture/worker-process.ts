import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isMessage, type Message, type WorkerSettings } from './protocol.js';

const PROGRAM = fileURLToPath(new URL('./worker/program.js', import.meta.url));

const living = new Set<ChildProcess>();

// However this process ends, except by SIGKILL: a stopped worker would not notice by itself.
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** One of the contending processes, as seen by the torture. */
export class WorkerProcess {
  readonly pid: number;
  /** Resolves when it has ended and all its messages have been received: with `null` if it ended well, else with how it ended. */
  readonly end: Promise<string | null>;
  readonly #child: ChildProcess;
  #hasEnded = false;
  #hasStoppedItself = false;

  constructor(settings: WorkerSettings) {
    const child = fork(PROGRAM, [JSON.stringify(settings)], { execArgv: [] });
    living.add(child);
    this.#child = child;
    this.pid = child.pid ?? Number.NaN;
    this.end = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      // Not `exit`, after which messages may still arrive.
      child.once('close', (code, signal) => resolve(code === 0 ? null : (signal ?? `exit code ${code}`)));
    });
    void this.end.then(() => {
      this.#hasEnded = true;
      living.delete(child);
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
    this.#child.kill(signal);
  }

  /** Asks it to end after its current turn. */
  finish(): void {
    // If it has ended meanwhile, nothing is left to do.
    this.#child.send('finish', () => {});
  }
}
