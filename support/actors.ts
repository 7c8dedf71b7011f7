import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { processState } from './machine.js';
import type { Command, Report } from './programs/protocol.js';

/** No answer takes that many milliseconds; a net for tests that would otherwise hang. */
const PATIENCE = 30_000;

/** How a process ended. */
export interface Death {
  readonly outcome: 'died';
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  /** Where an actor keeps its locks: `['sqlite', path]`. Default: in files. */
  readonly store?: readonly string[];
  /** What to start the process with: a program, and its arguments before those that name the actor. */
  readonly within?: readonly string[];
  /** Whose process it is to be. */
  readonly user?: number;
  /** Whether nobody needs to see what it writes to its standard error. */
  readonly isQuiet?: boolean;
}

/** The commands that can be interrupted at one of their file-system calls. */
export type LockCommand = Extract<Command, { readonly do: 'acquire' | 'heartBeat' | 'release' }>;

/** Starts `programs/actor.ts`. It is ended with the test. */
export async function startActor(options: StartOptions = {}): Promise<Actor> {
  const child = startProgram('actor', options.store, options);
  const report = await nextReport(child);
  if (report.outcome !== 'ready') throw new Error(`The actor did not start: ${JSON.stringify(report)}`);
  return new Actor(child, report.pid);
}

export function startActors(count: number, options?: StartOptions): Promise<Actor[]> {
  return Promise.all(Array.from({ length: count }, () => startActor(options)));
}

/** Starts one of the programs beside the tests as a process with a channel to this one. It is ended with the test. */
export function startProgram(
  name: string,
  parameters: readonly string[] = [],
  { within = [], user, isQuiet = false }: StartOptions = {},
): ChildProcess {
  const program = fileURLToPath(new URL(`../build/support/programs/${name}.js`, import.meta.url));
  const [file = process.execPath, ...rest] = [...within, process.execPath, program, ...parameters];
  const child = spawn(file, rest, {
    // Wherever the checkout is, another user may stand at the root.
    ...(user !== undefined && { uid: user, gid: user, cwd: '/' }),
    stdio: ['ignore', 'inherit', isQuiet ? 'ignore' : 'inherit', 'ipc'],
  });
  onTestFinished(() => end(child));
  return child;
}

/** What the process says next, or its {@link Death} instead. */
export function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stopWaiting = () => {
      clearTimeout(patience);
      child.off('message', onMessage);
      child.off('close', onDeath);
    };
    const onMessage = (message: unknown) => {
      stopWaiting();
      resolve(message);
    };
    const onDeath = () => {
      stopWaiting();
      resolve(death(child));
    };
    const patience = setTimeout(() => {
      stopWaiting();
      reject(new Error(`No answer within ${PATIENCE} milliseconds.`));
    }, PATIENCE);
    child.once('message', onMessage);
    // Not `exit`, after which there may still be a message to come.
    child.once('close', onDeath);
    if (hasEnded(child)) onDeath();
  });
}

/** Resolves when the process has ended; also when it has long since. */
export async function death(child: ChildProcess): Promise<Death> {
  if (!hasEnded(child)) await once(child, 'exit');
  return { outcome: 'died', code: child.exitCode, signal: child.signalCode };
}

/** A process that does what it is told, one command at a time. */
export class Actor {
  readonly #child: ChildProcess;
  /** As the actor itself knows it, which within a PID namespace of its own is not what the test knows. */
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
    // Should it have ended meanwhile, that is the answer.
    this.#child.send(command, () => {});
    return answer;
  }

  /** Asks, and resolves when the process has either stopped itself in the middle of it, or has answered. */
  async askAndPause(command: LockCommand, before: number | string): Promise<Paused> {
    let hasAnswered = false;
    const answer = this.ask({ ...command, interruption: { before, by: 'SIGSTOP' } }).finally(() => {
      hasAnswered = true;
    });
    // Node hears of the end of a child, but not of its being stopped.
    while (!hasAnswered && processState(this.pid) !== 'T') await sleep(5);
    return { isPaused: !hasAnswered, answer };
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** SIGKILL; resolves when the process is gone, which is when its parent has noticed. */
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
  // A program that was started within another one may outlive that one; without a channel it has nothing to wait for.
  if (child.connected) child.disconnect();
}
