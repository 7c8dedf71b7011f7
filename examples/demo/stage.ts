import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Inspection, inspect } from 'livinglock';
import { FACTS, type Fact } from './facts.js';
import { chooseInput, type Input } from './input.js';
import { type Breakpoint, JobProcess } from './job-process.js';
import { Timeline } from './timeline.js';
import { snapshot, type Verification, verifyManifest } from './verify.js';

/** What a job hashes, its timeouts, and where its disk blocks. */
export interface JobOptions {
  readonly input: Input;
  readonly staleTimeout: string;
  readonly heartbeatInterval: string;
  readonly wait?: string;
  readonly breakpoint?: Breakpoint;
}

/** The demo's files and jobs, and which facts have been confirmed. */
export class Stage {
  readonly timeline = new Timeline();
  readonly input: Input;
  readonly #scratch: string;
  readonly #signal: AbortSignal;
  readonly #startedAt = Date.now();
  readonly #jobs: JobProcess[] = [];
  readonly #confirmed = new Set<string>();

  private constructor(scratch: string, input: Input, signal: AbortSignal) {
    this.#scratch = scratch;
    this.input = input;
    this.#signal = signal;
  }

  /** @param signal Kills all jobs, so nothing waits for one any longer. */
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

  start(
    name: string,
    { input, staleTimeout, heartbeatInterval, wait = '0', breakpoint }: JobOptions,
  ): JobProcess {
    this.#signal.throwIfAborted();
    const args = [
      `--output=${this.#manifest}`,
      `--stale-timeout=${staleTimeout}`,
      `--heartbeat-interval=${heartbeatInterval}`,
      `--wait=${wait}`,
      `--checkpoint-every=${Math.ceil(input.files.length / 20)}`,
    ];
    const job = new JobProcess(name, [...args, input.folder], breakpoint ?? null, this.#signal);
    this.#jobs.push(job);
    return job;
  }

  /** The state of the lock, as `livinglock status` would show it. */
  inspect(): Promise<Inspection> {
    return inspect(`${this.#manifest}.lock`);
  }

  verify(input: Input): Verification {
    return verifyManifest(this.#manifest, input, this.#startedAt);
  }

  /** The contents of lock, checkpoints and manifest, for a comparison. */
  snapshot(): string {
    return snapshot(this.#folder);
  }

  /** What is in the folder that the jobs write to. */
  list(): Promise<string[]> {
    return readdir(this.#folder);
  }

  confirm(fact: Fact, holds: boolean): void {
    if (holds) this.#confirmed.add(fact);
    this.timeline.verdict(holds, FACTS[fact]);
  }

  /** Facts that were false, or were never checked. */
  get missing(): string[] {
    return Object.entries(FACTS).flatMap(([name, fact]) => (this.#confirmed.has(name) ? [] : [fact]));
  }

  /** Kills the jobs and removes all files. */
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

/** Retries, because Windows releases the files of a killed process with a delay. */
function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
