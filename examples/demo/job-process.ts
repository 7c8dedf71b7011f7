import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Duplex, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** Where a job's disk stands still: before the n-th call of that function of `node:fs`. */
export type Standstill = `createReadStream ${number}` | `rename ${number}`;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const DISK = import.meta.resolve('./disk.js');
const JOB = fileURLToPath(import.meta.resolve('../checksum-tree.js'));

/** A run of `checksum-tree` in a process of its own, on a disk that the demo can stop. */
export class JobProcess {
  readonly name: string;
  readonly pid: number | undefined;
  /** Resolves when it has ended and all that it said has arrived. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #disk: Duplex;
  readonly #reports: AsyncIterator<string>;
  readonly #said: string[] = [];

  constructor(name: string, args: readonly string[], standstill: Standstill | null, signal: AbortSignal) {
    this.name = name;
    this.#child = spawn(process.execPath, ['--import', DISK, JOB, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, DEMO_STANDSTILL: standstill ?? '' },
      signal,
      killSignal: 'SIGKILL',
    });
    this.pid = this.#child.pid;
    this.exit = new Promise((resolve) => {
      this.#child.once('close', (code, killedBy) => resolve({ code, signal: killedBy }));
    });
    // Comes when the demo is interrupted; `exit` tells of the end all the same.
    this.#child.on('error', () => {});
    this.#collect(this.#child.stdout);
    this.#collect(this.#child.stderr);
    this.#disk = duplex(this.#child.stdio[3]);
    this.#reports = createInterface({ input: this.#disk })[Symbol.asyncIterator]();
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it has printed so far, line by line. */
  get said(): readonly string[] {
    return this.#said;
  }

  /** Resolves, when the disk stands still, with the number of files that the job has opened by then. */
  async atStandstill(): Promise<number> {
    const opened = await this.#reported('standstill');
    if (opened !== null) return opened;
    const { code, signal } = await this.exit;
    const lastLine = this.#said.at(-1) ?? 'silently';
    throw new Error(`the ${this.name} ended (${signal ?? code}) before its disk stood still: ${lastLine}`);
  }

  /** Resolves, when it has ended, with the number of files that it has opened; `null` if it was killed. */
  filesOpened(): Promise<number | null> {
    return this.#reported('end');
  }

  goOn(until: Standstill | null = null): void {
    this.#disk.write(`${until ?? ''}\n`);
  }

  /** SIGKILL: no handler runs, nothing is cleaned up. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** What the disk says when that happens; `null` if the process ends and it never did. */
  async #reported(event: 'standstill' | 'end'): Promise<number | null> {
    for (let report = await this.#reports.next(); report.done !== true; report = await this.#reports.next()) {
      const [what, opened] = report.value.split(' ');
      if (what === event) return Number(opened);
    }
    return null;
  }

  #collect(output: Readable | null): void {
    if (output === null) return;
    createInterface({ input: output }).on('line', (line) => this.#said.push(line));
  }
}

/** The types of `spawn` know only that it may be a stream in one direction or the other. */
function duplex(stream: unknown): Duplex {
  if (!(stream instanceof Duplex)) throw new Error('the pipe to the disk is missing');
  // A job that was killed reads no more.
  stream.on('error', () => {});
  return stream;
}
