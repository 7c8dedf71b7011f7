import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Duplex, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** Where a job's disk blocks: before the n-th call of that function of `node:fs`. */
export type Breakpoint = `createReadStream ${number}` | `rename ${number}`;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const DISK = import.meta.resolve('./disk.js');
const JOB = fileURLToPath(import.meta.resolve('../checksum-tree.js'));

/** A process that runs `checksum-tree` on a disk that the demo can block. */
export class JobProcess {
  readonly name: string;
  readonly pid: number | undefined;
  /** Resolves when the process has ended and all of its output has been read. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #disk: Duplex;
  readonly #reports: AsyncIterator<string>;
  readonly #output: string[] = [];

  constructor(name: string, args: readonly string[], breakpoint: Breakpoint | null, signal: AbortSignal) {
    this.name = name;
    this.#child = spawn(process.execPath, ['--import', DISK, JOB, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, DEMO_BREAKPOINT: breakpoint ?? '' },
      signal,
      killSignal: 'SIGKILL',
    });
    this.pid = this.#child.pid;
    this.exit = new Promise((resolve) => {
      this.#child.once('close', (code, killedBy) => resolve({ code, signal: killedBy }));
    });
    // Emitted when the demo is interrupted. `exit` resolves anyway.
    this.#child.on('error', () => {});
    this.#collect(this.#child.stdout);
    this.#collect(this.#child.stderr);
    this.#disk = duplex(this.#child.stdio[3]);
    this.#reports = createInterface({ input: this.#disk })[Symbol.asyncIterator]();
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The lines that it has printed so far. */
  get output(): readonly string[] {
    return this.#output;
  }

  /** Waits until the disk blocks. Resolves with the number of files that the job has opened. */
  async atBreakpoint(): Promise<number> {
    const opened = await this.#reported('breakpoint');
    if (opened !== null) return opened;
    const { code, signal } = await this.exit;
    const lastLine = this.#output.at(-1) ?? 'no output';
    throw new Error(`the ${this.name} ended (${signal ?? code}) before its disk blocked: ${lastLine}`);
  }

  /** Waits until the job ends. Resolves with the number of files that it has opened; `null` if it was killed. */
  filesOpened(): Promise<number | null> {
    return this.#reported('end');
  }

  resume(until: Breakpoint | null = null): void {
    this.#disk.write(`${until ?? ''}\n`);
  }

  /** SIGKILL: no handler runs, nothing is cleaned up. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** The number of opened files in the disk's next report of that event; `null` if the process ends without one. */
  async #reported(event: 'breakpoint' | 'end'): Promise<number | null> {
    for (let report = await this.#reports.next(); report.done !== true; report = await this.#reports.next()) {
      const [what, opened] = report.value.split(' ');
      if (what === event) return Number(opened);
    }
    return null;
  }

  #collect(output: Readable | null): void {
    if (output === null) return;
    createInterface({ input: output }).on('line', (line) => this.#output.push(line));
  }
}

/** The types of `spawn` do not say that this pipe goes both ways. */
function duplex(stream: unknown): Duplex {
  if (!(stream instanceof Duplex)) throw new Error('there is no pipe to the disk');
  // Writing to a killed job fails.
  stream.on('error', () => {});
  return stream;
}
