import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { PROGRAM, poll } from './command.js';
import { processState, temporaryFolder } from './machine.js';

// The command `livinglock`, in real processes.

/** How a process has ended, and what it has said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A place where locks are only named, and nobody else's lie. */
export class Desk {
  readonly folder = temporaryFolder();

  /** The file of a lock of that name. */
  path(name: string): string {
    return join(this.folder, `${name}.lock`);
  }

  holds(name: string): boolean {
    return existsSync(this.path(name));
  }

  record(name: string): Readonly<Record<string, unknown>> {
    return JSON.parse(readFileSync(this.path(name), 'utf8'));
  }

  /** Starts `livinglock` with these arguments. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
    return new Running(process.execPath, [PROGRAM, ...args], this.env(env));
  }

  /** The same, to its end. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /**
   * Stops a runner, but not in the middle of changing its lock's file: as long as it lives, that would keep everybody else
   * from changing it.
   */
  async freeze(run: Running, name: string): Promise<void> {
    for (;;) {
      run.signal('SIGSTOP');
      await until(() => processState(run.pid) === 'T', 'its stop');
      if (!existsSync(`${this.path(name)}.guard`)) return;
      run.signal('SIGCONT');
    }
  }

  /** With what `livinglock` runs here; it is itself on the PATH, for commands that call it. */
  env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      ...process.env,
      LIVINGLOCK_DIR: this.folder,
      LIVINGLOCK: `${process.execPath} ${PROGRAM}`,
      ...more,
    };
  }
}

/** A process that was started, with all that it has said so far. */
export class Running {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdin.on('error', () => {});
    child.stdout.on('data', (chunk) => {
      this.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) =>
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      );
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** What it reads. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Resolves when its output matches, with the match. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#match(pattern, () => this.stdout);
  }

  /** The same, of what it says on stderr. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#match(pattern, () => this.stderr);
  }

  async #match(pattern: RegExp, text: () => string): Promise<RegExpExecArray> {
    await poll(`${pattern} did not come`, () => pattern.test(text())).catch((error: unknown) => {
      throw new Error(`${error}\n${this.stdout}${this.stderr}`);
    });
    const match = pattern.exec(text());
    if (match === null) throw new Error(`${pattern} has gone again`);
    return match;
  }
}

/** Waits for something to come true. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  await poll(`${what} did not come`, condition);
}

/** Ends a process that a command has left behind, when the test is over. */
export function killAtTheEnd(pid: number): void {
  onTestFinished(() => killIfThere(pid));
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
