import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { systemClock } from 'livinglock';
import type { CommandMessage, CommandSettings } from '../protocol.js';
import type { Part, Plan } from './plan.js';
import { type Shell, scriptFor } from './script.js';

const LIVINGLOCK = fileURLToPath(new URL('../../../dist/bin/livinglock.js', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../worker/command.js', import.meta.url));

const living = new Set<RunProcess>();

// However this process ends, except by SIGKILL; after that the commands soon end by themselves.
process.on('exit', () => {
  for (const run of living) run.kill();
});

/** Where the lock and the witness are. */
export interface Paths {
  readonly lock: string;
  readonly witness: string;
}

/** How a runner ended, and when that was noticed. */
export interface RunnerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly at: number;
}

/** A real `livinglock run` with a real command, as seen by the torture. */
export class RunProcess {
  readonly runnerEnd: Promise<RunnerEnd>;
  /**
   * Resolves with the standard error when everything has ended, runner and command: all of them share the pipes of their
   * output, and the kernel closes these with the last one.
   */
  readonly end: Promise<string>;
  readonly #runner: ChildProcess;
  readonly #pids = new Map<Part, number>();
  #hasEnded = false;
  #isKilled = false;

  constructor(
    { lock, witness }: Paths,
    shell: Shell,
    plan: Plan,
    onMessage: (message: CommandMessage) => void,
  ) {
    const { work, childIgnoresSignals } = plan;
    const settings: CommandSettings = { witness: shell.witness, work, childIgnoresSignals };
    const script = [shell.program, '-c', scriptFor(plan, shell), 'sh'];
    const command = [...script, witness, process.execPath, PROGRAM, JSON.stringify(settings)];
    // With a label, since a record has no room for such a long command line.
    const options = ['--quiet', '--wait', `${plan.wait}ms`, '--label', 'torture'];
    this.#runner = spawn(process.execPath, [LIVINGLOCK, 'run', ...options, lock, '--', ...command], {
      // If the path of livinglock is not a single word, a runner makes a folder here, which a killed one leaves behind.
      env: { ...process.env, TMPDIR: dirname(witness) },
      // No terminal, so that the command gets its own process group.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    living.add(this);
    this.runnerEnd = endOf(this.#runner);
    this.end = this.#hear(onMessage);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Sends a signal to one part, if it is known to exist. */
  signal(part: Part, signal: NodeJS.Signals): void {
    if (part === 'runner') this.#runner.kill(signal);
    else this.#send(this.#pids.get(part), signal);
  }

  pidOf(part: Part): number | undefined {
    return part === 'runner' ? this.#runner.pid : this.#pids.get(part);
  }

  /** Ends the runner and all of the command at once. */
  kill(): void {
    this.#isKilled = true;
    this.#runner.kill('SIGKILL');
    this.#killGroup();
  }

  async #hear(onMessage: (message: CommandMessage) => void): Promise<string> {
    const { stdout, stderr } = this.#runner;
    if (stdout === null || stderr === null) throw new Error('The runner has no pipes.');
    const errors = text(stderr);
    for await (const line of createInterface({ input: stdout })) {
      const message: CommandMessage = JSON.parse(line);
      if (message.what === 'started') this.#learn(message);
      onMessage(message);
    }
    await Promise.all([errors, this.runnerEnd]);
    this.#hasEnded = true;
    living.delete(this);
    return errors;
  }

  #learn({ leader, child }: CommandMessage & { readonly what: 'started' }): void {
    this.#pids.set('leader', leader).set('child', child);
    if (this.#isKilled) this.#killGroup();
  }

  #killGroup(): void {
    const leader = this.#pids.get('leader');
    if (leader !== undefined) this.#send(-leader, 'SIGKILL');
  }

  /** While the pipes are open, some process of the command lives, and its PIDs will not be reused soon. */
  #send(target: number | undefined, signal: NodeJS.Signals): void {
    if (target === undefined || this.#hasEnded) return;
    try {
      process.kill(target, signal);
    } catch {
      // It has ended already.
    }
  }
}

function endOf(runner: ChildProcess): Promise<RunnerEnd> {
  return new Promise((resolve, reject) => {
    runner.once('error', reject);
    runner.once('exit', (code, signal) => resolve({ code, signal, at: systemClock.monotonic() }));
  });
}
