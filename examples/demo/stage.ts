import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Inspection, inspect } from 'livinglock';
import { FACTS, type Fact } from './facts.js';
import { chooseInput, type Input } from './input.js';
import { JobProcess, type Standstill } from './job-process.js';
import { Timeline } from './timeline.js';
import { snapshot, type Verification, verifyManifest } from './verify.js';

/** What a job hashes, how patient it is, and where its disk stands still. */
export interface Role {
  readonly input: Input;
  readonly staleTimeout: string;
  readonly heartbeatInterval: string;
  readonly wait?: string;
  readonly standstill?: Standstill;
}

/** The files and the jobs of the demo, and what has been found true of them. */
export class Stage {
  readonly timeline = new Timeline();
  readonly input: Input;
  readonly #scratch: string;
  readonly #signal: AbortSignal;
  readonly #begunAt = Date.now();
  readonly #jobs: JobProcess[] = [];
  readonly #confirmed = new Set<string>();

  private constructor(scratch: string, input: Input, signal: AbortSignal) {
    this.#scratch = scratch;
    this.input = input;
    this.#signal = signal;
  }

  /** @param signal Ends all jobs, and with them all waiting for one of them. */
  static async open(folder: string | null, signal: AbortSignal): Promise<Stage> {
    const scratch = await mkdtemp(join(tmpdir(), 'livinglock-demo-'));
    try {
      await mkdir(join(scratch, 'run'));
      return new Stage(scratch, await chooseInput(folder, scratch), signal);
    } catch (error) {
      await remove(scratch);
      throw error;
    }
  }

  start(name: string, { input, staleTimeout, heartbeatInterval, wait = '0', standstill }: Role): JobProcess {
    this.#signal.throwIfAborted();
    const args = [
      `--output=${this.#manifest}`,
      `--stale-timeout=${staleTimeout}`,
      `--heartbeat-interval=${heartbeatInterval}`,
      `--wait=${wait}`,
      `--checkpoint-every=${Math.ceil(input.files.length / 20)}`,
    ];
    const job = new JobProcess(name, [...args, input.folder], standstill ?? null, this.#signal);
    this.#jobs.push(job);
    return job;
  }

  /** The lock, as an operator sees it. */
  look(): Promise<Inspection> {
    return inspect(`${this.#manifest}.lock`);
  }

  verify(input: Input): Verification {
    return verifyManifest(this.#manifest, input, this.#begunAt);
  }

  /** The lock, the checkpoints and the manifest, to compare with later. */
  snapshot(): string {
    return snapshot(this.#folder);
  }

  /** What lies where the jobs write. */
  list(): Promise<string[]> {
    return readdir(this.#folder);
  }

  confirm(fact: Fact, holds: boolean): void {
    if (holds) this.#confirmed.add(fact);
    this.timeline.verdict(holds, FACTS[fact]);
  }

  /** What was found false, or was never reached. */
  get missing(): string[] {
    return Object.entries(FACTS).flatMap(([name, fact]) => (this.#confirmed.has(name) ? [] : [fact]));
  }

  /** Leaves nothing behind, neither processes nor files. */
  async close(): Promise<void> {
    for (const job of this.#jobs) job.kill();
    await Promise.all(this.#jobs.map((job) => job.exit));
    await remove(this.#scratch);
  }

  get #folder(): string {
    return join(this.#scratch, 'run');
  }

  get #manifest(): string {
    return join(this.#folder, 'checksums.txt');
  }
}

/** More than once if need be, because Windows lets go of the files of a killed process only after a moment. */
function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
