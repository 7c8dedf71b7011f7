import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { processState } from './machine.js';
import type { Command, Report } from './programs/protocol.js';
import { insistently } from './running.js';

/** No answer takes this many milliseconds; a safety net for tests that would otherwise hang. */
const TIMEOUT = 30_000;

/** How a process ended. */
export interface Death {
  readonly outcome: 'died';
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  /** Where an actor keeps its locks: `['sqlite', path]`. Default: in files. */
  readonly store?: readonly string[];
  /** The program to start the process with, and its arguments before those that name the actor. */
  readonly within?: readonly string[];
  /** The user of the process. */
  readonly user?: number;
  /** Whether to discard its standard error. */
  readonly isQuiet?: boolean;
}

/** The commands that can be interrupted at one of their file-system calls. */
export type LockCommand = Extract<Command, { readonly do: 'acquire' | 'heartBeat' | 'release' }>;

/** Starts `programs/actor.ts`. It ends with the test. */
export async function startActor(options: StartOptions = {}): Promise<Actor> {
  const child = startProgram('actor', options.store, options);
  const report = await nextReport(child);
  if (report.outcome !== 'ready') throw new Error(`The actor did not start: ${JSON.stringify(report)}`);
  return new Actor(child, report.pid);
}

export function startActors(count: number, options?: StartOptions): Promise<Actor[]> {
  return Promise.all(Array.from({ length: count }, () => startActor(options)));
}

/** Starts one of the programs beside the tests as a process with a channel to this one. It ends with the test. */
export function startProgram(
  name: string,
  parameters: readonly string[] = [],
  { within = [], user, isQuiet = false }: StartOptions = {},
): ChildProcess {
  const program = fileURLToPath(new URL(`../build/support/programs/${name}.js`, import.meta.url));
  const [file = process.execPath, ...rest] = [...within, process.execPath, program, ...parameters];
  const options: SpawnOptions = {
    // Any user can start in the root folder, wherever the checkout is.
    ...(user !== undefined && { uid: user, gid: user, cwd: '/' }),
    stdio: ['ignore', 'inherit', isQuiet ? 'ignore' : 'inherit', 'ipc'],
  };
  const child = insistently(() => spawn(file, rest, options));
  onTestFinished(() => end(child));
  return child;
}

/** The process's next message, or its {@link Death} instead. */
export function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stopWaiting = () => {
      clearTimeout(timeout);
      child.off('message', onMessage);
      child.off('close', onDeath);
      child.off('disconnect', onDeath);
    };
    const onMessage = (message: unknown) => {
      stopWaiting();
      resolve(message);
    };
    const onDeath = () => {
      stopWaiting();
      resolve(death(child));
    };
    const timeout = setTimeout(() => {
      stopWaiting();
      reject(new Error(`No answer within ${TIMEOUT} milliseconds.`));
    }, TIMEOUT);
    child.once('message', onMessage);
    // Not `exit`, after which messages may still arrive. There is no `close` after a disconnection by this side.
    child.once('close', onDeath);
    child.once('disconnect', onDeath);
    if (hasEnded(child)) onDeath();
  });
}

/** Resolves when the process has ended, even if it ended long ago. */
export async function death(child: ChildProcess): Promise<Death> {
  if (!hasEnded(child)) await once(child, 'exit');
  return { outcome: 'died', code: child.exitCode, signal: child.signalCode };
}

/** A process that executes one command at a time. */
export class Actor {
  readonly #child: ChildProcess;
  /** As the actor itself knows it. Within a PID namespace of its own, the test knows it by another number. */
  readonly pid: number;
  /** The process that the test has started: the actor itself, or the program within which it runs. */
  readonly outerPid: number | undefined;

  constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
    this.outerPid = child.pid;
  }

  ask(command: Command): Promise<Report | Death> {
    const answer = nextReport(this.#child);
    // If the process has ended meanwhile, that is the answer.
    this.#child.send(command, () => {});
    return answer;
  }

  /** Sends a command. Resolves when the process has either stopped itself in the middle of it, or has answered. */
  async askAndPause(command: LockCommand, before: number | string): Promise<Paused> {
    let hasAnswered = false;
    const answer = this.ask({ ...command, interruption: { before, by: 'SIGSTOP' } }).finally(() => {
      hasAnswered = true;
    });
    // Node is told when a child ends, but not when it is stopped.
    while (!hasAnswered && processState(this.pid) !== 'T') await sleep(5);
    return { isPaused: !hasAnswered, answer };
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** SIGKILL. Resolves when the process is gone, which is when its parent has noticed. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await death(this.#child);
  }
}

export interface Paused {
  readonly isPaused: boolean;
  readonly answer: Promise<Report | Death>;
}

async function nextReport(child: ChildProcess): Promise<Report | Death> {
  const message = await nextMessage(child);
  if (isAnswer(message)) return message;
  throw new TypeError(`Not a report: ${JSON.stringify(message)}`);
}

function isAnswer(message: unknown): message is Report | Death {
  return typeof message === 'object' && message !== null && 'outcome' in message;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await death(child);
  // A program started inside another one may outlive it; without a channel it has nothing to wait for.
  if (child.connected) child.disconnect();
}
