import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { systemCode } from '../src/system/system-code.js';

// Processes that a test starts and reads from.

/** Nothing takes this many milliseconds; a safety net for tests that would otherwise hang. */
const TIMEOUT = 30_000;

/** How a process ended, and its output. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Wine fails to create a process once in some thousands of times, with an error that no other system gives. Nothing has begun then. */
export function insistently<T>(start: () => T, tries = 3): T {
  try {
    return start();
  } catch (error) {
    if (process.platform !== 'win32' || systemCode(error) !== 'UNKNOWN' || tries === 1) throw error;
    return insistently(start, tries - 1);
  }
}

/** A running process, with its output so far. It ends with the test. */
export class Running {
  readonly #child: Child;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(program: string, args: readonly string[], surroundings: Surroundings) {
    const child: Child = insistently(() =>
      spawn(program, args, { ...surroundings, stdio: ['pipe', 'pipe', 'pipe'] }),
    );
    this.#child = child;
    child.stdin.on('error', () => {});
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      this.stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      this.stderr += chunk;
    });
    const exited = new Promise((resolve) => {
      child.once('exit', resolve);
      child.once('error', resolve);
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) =>
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      );
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await exited;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Writes to its input. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Closes its input. */
  endInput(): void {
    this.#child.stdin.end();
  }

  /** Stops reading its output. */
  closeOutput(): void {
    this.#child.stdout.destroy();
  }

  /** Resolves when its output matches, with the match. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#match(pattern, () => this.stdout);
  }

  /** Same, for stderr. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#match(pattern, () => this.stderr);
  }

  async #match(pattern: RegExp, text: () => string): Promise<RegExpExecArray> {
    await poll(`${pattern} did not come`, () => pattern.test(text())).catch((error: unknown) => {
      throw new Error(`${error}\n${this.stdout}${this.stderr}`);
    });
    const match = pattern.exec(text());
    if (match === null) throw new Error(`${pattern} is gone again`);
    return match;
  }
}

/** Resolves when the condition holds. */
export async function poll(complaint: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + TIMEOUT;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${complaint}.`);
    await sleep(5);
  }
}

/** Ends a process that a command has left behind, when the test is over. */
export function killAtTheEnd(pid: number): void {
  onTestFinished(() => killIfThere(pid));
}

/** The PID that a program prints as `pid 4242`. That process ends with the test. */
export async function pidFrom(run: { prints(words: RegExp): Promise<readonly string[]> }): Promise<number> {
  const pid = Number((await run.prints(/pid (\d+)/))[1]);
  killAtTheEnd(pid);
  return pid;
}

export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

export function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** The PATH of cron, which has no folders of version managers. */
export const CRON_PATH = '/usr/bin:/bin';

/** The path of a program that cron finds, or `null`. */
export function findForCron(program: string): string | null {
  const paths = CRON_PATH.split(':').map((folder) => join(folder, program));
  return paths.find((path) => existsSync(path)) ?? null;
}
