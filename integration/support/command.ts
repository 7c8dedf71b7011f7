import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Inspection, inspect } from 'livinglock';
import { expect, onTestFinished } from 'vitest';
import { type Actor, death, startActor } from './actors.js';
import { temporaryFolder } from './machine.js';

// The command `livinglock`, as a shell starts it.

export const PROGRAM = fileURLToPath(new URL('../../dist/bin/livinglock.js', import.meta.url));

/** Nothing takes that many milliseconds; a net for tests that would otherwise hang. */
const PATIENCE = 30_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

/** A home and a runtime folder of a test's own, and `livinglock` as a program that every shell finds. */
export class Home {
  readonly folder = temporaryFolder();
  readonly locks = join(this.folder, 'locks');
  readonly #programs = join(this.folder, 'bin');

  constructor() {
    mkdirSync(this.locks);
    mkdirSync(this.#programs);
    const script = `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`;
    writeFileSync(join(this.#programs, 'livinglock'), script, { mode: 0o755 });
  }

  lock(name: string): string {
    return join(this.locks, `${name}.lock`);
  }

  /** Nothing of the machine's, but what it takes to start programs. */
  get env(): NodeJS.ProcessEnv {
    const PATH = `${this.#programs}${delimiter}${process.env['PATH']}`;
    return { PATH, HOME: this.folder, LIVINGLOCK_DIR: this.locks, TERM: 'xterm', LANG: 'C.UTF-8' };
  }

  /** Runs `livinglock` to its end. */
  run(...parameters: readonly string[]): Promise<Ended> {
    return ended(this.start(...parameters));
  }

  /** Starts `livinglock`. It is ended with the test. */
  start(...parameters: readonly string[]): ChildProcess {
    return this.startProgram(process.execPath, [PROGRAM, ...parameters]);
  }

  /** Runs a line of bash. */
  bash(line: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return ended(this.startProgram('bash', ['-c', line], env));
  }

  startProgram(file: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(file, parameters, {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await death(child);
    });
    return child;
  }

  /** A process that holds the lock of that name, and is at work. */
  async live(name: string): Promise<Actor> {
    const actor = await startActor();
    await hold(actor, this.lock(name));
    return actor;
  }

  /** Leaves a lock whose holder is dead. */
  async dead(name: string): Promise<void> {
    await (await this.live(name)).kill();
  }

  /** A process that holds the lock, and does not give its heartbeats. */
  async stalled(name: string): Promise<Actor> {
    const actor = await startActor();
    await hold(actor, this.lock(name), 1);
    await until(this.lock(name), ({ state }) => state === 'stalled');
    return actor;
  }
}

async function hold(actor: Actor, path: string, staleTimeout?: number): Promise<void> {
  const options = staleTimeout === undefined ? {} : { staleTimeout, heartbeatMinimalInterval: 0 };
  expect(await actor.ask({ do: 'acquire', path, options })).toMatchObject({ outcome: 'done' });
}

/** Resolves when the lock is in such a state. */
async function until(path: string, isSo: (inspection: Inspection) => boolean): Promise<void> {
  await poll(`The lock ${path} is not as expected`, async () => isSo(await inspect(path)));
}

/** Resolves when the condition holds. */
export async function poll(complaint: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${complaint}.`);
    await sleep(5);
  }
}

/** What a process has written by its end. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('There is nothing to read from.');
  const [output, errors] = await Promise.all([stdout.destroyed ? '' : text(stdout), text(stderr)]);
  const { code, signal } = await death(child);
  return { code, signal, output, errors };
}

/** What a process has written so far, as it grows. */
export function outputOf(child: ChildProcess): () => string {
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  return () => output;
}

/** One line of `livinglock`'s on stderr, and nothing else. */
export function oneLineWith(part: string | RegExp): unknown {
  const source = typeof part === 'string' ? part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&') : part.source;
  return expect.stringMatching(new RegExp(`^livinglock: [^\\n]*${source}[^\\n]*\\n$`));
}
