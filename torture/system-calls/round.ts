import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Occurrence } from './faults.js';
import { isBrief, type Job } from './jobs.js';
import { type Ended, type Evidence, HOLDER, SUCCESSOR, VICTIM } from './judge.js';
import type { Program } from './program.js';
import { LOCK, Scene } from './scene.js';
import { injectedLine, injecting, occurrencesIn, recording } from './strace.js';

/** Milliseconds. By then a run has the lock, unless it is held up. */
const HEADSTART = 700;
/** Nothing takes so long, in milliseconds. */
const TIMEOUT = 20_000;
const WAIT = '10s';
const PIECE = 5;

/** What is made to happen. */
export interface Plan {
  readonly job: Job;
  readonly fault: Fault;
  readonly program: Program;
}

/** Injects one fault into one job, and lets another run follow. */
export function endure({ job, fault, program }: Plan): Promise<Evidence> {
  return withScene(async (scene) => {
    const players = new Players(scene, job, program);
    const holder = await players.holder();
    const victim = players.victim(injecting(fault, scene.trace));
    await Promise.race([victim.end, sleep(HEADSTART), players.begins(VICTIM, victim)]);
    const successor = players.successor();
    const end = await victim.end;
    const isOver = players.isCommandOver();
    const ends = { victim: { ...end, errors: await victim.errors }, successor: await ended(successor) };
    const isAbandoned = !isOver();
    await holder?.errors;
    if (scene.left.length > 0) await players.sweep();
    const { entries: log, left, harmed, trace } = scene;
    return { job, ...ends, isAbandoned, injected: injectedLine(trace), log, left, harmed };
  });
}

/** All the calls that a job makes which can be made to fail. */
export function callsOf(job: Job, program: Program): Promise<Occurrence[]> {
  return withScene(async (scene) => {
    const players = new Players(scene, job, program);
    const holder = await players.holder();
    await players.victim(recording(scene.trace)).errors;
    await holder?.errors;
    const starts: Occurrence[] =
      job.does === 'run' && job.lock !== 'held' ? [{ call: 'execve', when: 1 }] : [];
    return [...occurrencesIn(scene.trace, program), ...starts];
  });
}

/** A command line that repeats what was done. */
export function commandLine({ job }: Plan, strace: readonly string[]): string {
  const program = 'node dist/bin/livinglock.js';
  const prefix = ['strace', ...strace, program].join(' ');
  const options = job.options.map((option) => `${option} `).join('');
  if (job.does === 'break') return `${prefix} break ${LOCK}`;
  if (job.does === 'run') return `${prefix} run ${options}${LOCK} -- sleep 0.2`;
  return `${program} run ${options}${LOCK} -- ${prefix} beat`;
}

async function withScene<T>(play: (scene: Scene) => Promise<T>): Promise<T> {
  const scene = new Scene();
  try {
    return await play(scene);
  } finally {
    scene.remove();
  }
}

/** A process, and all that it has started. */
interface Player {
  readonly end: Promise<Omit<Ended, 'errors'>>;
  /** Its standard error. The command shares it, so this resolves when all of it has ended. */
  readonly errors: Promise<string>;
}

/** Those who want the lock. */
class Players {
  readonly #scene: Scene;
  readonly #job: Job;
  readonly #livinglock: readonly string[];

  constructor(scene: Scene, job: Job, program: Program) {
    this.#scene = scene;
    this.#job = job;
    this.#livinglock = [process.execPath, program.path];
  }

  /** Resolves when the lock is as the job finds it, with whoever holds it. */
  async holder(): Promise<Player | null> {
    const { lock, work } = this.#job;
    if (lock === 'free') return null;
    if (lock === 'dead') {
      await this.#die();
      return null;
    }
    const holder = this.#start(this.#run([], this.#command(HOLDER, 4 * work)));
    await this.begins(HOLDER, holder);
    return holder;
  }

  /** What could not be removed stays, until a run that takes over from a dead one removes it. */
  async sweep(): Promise<void> {
    await this.#die();
    await this.#start(this.#run([], ['true'])).errors;
  }

  victim(strace: readonly string[]): Player {
    const { does, work, options } = this.#job;
    const traced = [...strace, ...this.#livinglock];
    if (does === 'break') return this.#start([...traced, 'break', LOCK]);
    const meanwhile = does === 'beat' ? [...traced, 'beat'] : ['touch', 'beat'];
    const run = this.#run(options, this.#command(VICTIM, work, meanwhile));
    return this.#start(does === 'run' ? [...strace, ...run] : run);
  }

  successor(): Player {
    const { options, work } = this.#job;
    const wait = ['--quiet', '--wait', WAIT];
    return this.#start(this.#run([...options, ...wait], this.#command(SUCCESSOR, work)));
  }

  /** Resolves when that command has begun, or cannot begin any more. */
  async begins(name: string, { end }: Player): Promise<void> {
    let isOver = false;
    void end.finally(() => {
      isOver = true;
    });
    while (!isOver && this.#beginning(name) === undefined) await sleep(PIECE);
  }

  /** Leaves a lock behind. */
  async #die(): Promise<void> {
    await this.#start(this.#run([], ['/bin/sh', '-c', 'kill -KILL $LIVINGLOCK_RUNNER'])).errors;
  }

  /** Whether the victim's command has ended by now, or never begins. That is known when its standard error is closed. */
  isCommandOver(): () => boolean {
    const pid = this.#beginning(VICTIM)?.pid;
    // On a busy machine the command may not have come as far as its first line.
    if (pid === undefined) return () => this.#beginning(VICTIM) === undefined;
    const isOver = !isAlive(pid);
    return () => isOver;
  }

  #beginning(name: string) {
    return this.#scene.entries.find(({ who }) => who === name);
  }

  #command(name: string, work: number, meanwhile: readonly string[] = [':']): string[] {
    return this.#scene.command(name, work, meanwhile, isBrief(this.#job));
  }

  #run(options: readonly string[], command: readonly string[]): string[] {
    return [...this.#livinglock, 'run', '--label', 'command', ...options, LOCK, '--', ...command];
  }

  #start([program = '', ...args]: readonly string[]): Player {
    const { folder: cwd, env } = this.#scene;
    // In a group of its own: Ctrl+C would be one more fault.
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let hasHung = false;
    const timer = setTimeout(() => {
      hasHung = true;
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    }, TIMEOUT);
    child.stdout.resume();
    const end = new Promise<Omit<Ended, 'errors'>>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        resolve({ code, signal, hasHung });
      });
    });
    return { end, errors: text(child.stderr) };
  }
}

async function ended({ end, errors }: Player): Promise<Ended> {
  return { ...(await end), errors: await errors };
}

/** Not if it is a zombie that nobody has reaped yet. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}
