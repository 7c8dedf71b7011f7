import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { withoutInherited } from '../start/descriptors.js';

const PROGRAM = fileURLToPath(new URL('./keeper-program.js', import.meta.url));
/** A container may limit how many threads there are. */
const FEW_THREADS = '--v8-pool-size=0';

/** What it keeps, and how it knows the command. */
export interface KeeperOptions {
  /** The descriptor of the sign. */
  readonly sign: number;
  /** The name of the socket that the command inherits, see `ProcessIdentity.inheritedSocket`; empty without one. */
  readonly socket: string;
  /** The value of `LIVINGLOCK_TOKEN` in the environment of the command. */
  readonly token: string;
  /** The descriptors that this process was given. It must not keep them open. */
  readonly descriptors: readonly number[];
  /** Default: the program beside this file. */
  readonly program?: string;
}

/**
 * A process beside a command in a container. It keeps the lock's sign of life until nothing is left of the command, also if the runner is killed: the
 * command itself cannot, because many programs close what they did not open (sudo, Python's `subprocess`), and daemons do not. Whatever kills the
 * whole container kills it, too.
 */
export class Keeper {
  readonly #process: ChildProcess;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  /** What it hears from the runner. */
  readonly input: Writable | null;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.ended = once(child, 'exit');
    this.input = child.stdin;
  }

  /** Starts it, before the command. Rejects with the system's error. It keeps the sign from when this resolves. */
  static async start(options: KeeperOptions): Promise<Keeper> {
    const { sign, socket, token, descriptors, program = PROGRAM } = options;
    const env = { ...process.env };
    // Options for the job.
    delete env['NODE_OPTIONS'];
    const stdio = withoutInherited(['pipe', 'ignore', 'ignore', sign], descriptors);
    // What ends the command does not reach it.
    const place = { detached: true, cwd: '/' };
    const child = spawn(process.execPath, [FEW_THREADS, program, socket, token], { ...place, env, stdio });
    child.stdin?.on('error', () => {});
    await once(child, 'spawn');
    child.unref();
    return new Keeper(child);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** From now on it knows the command by its group. */
  tell(group: number): void {
    this.input?.write(`${group}\n`);
  }

  /** Resolves when it is gone: where nobody else does so, this process must clear it away. */
  async end(): Promise<void> {
    if (!this.isRunning) return;
    this.#process.ref();
    this.#process.kill('SIGKILL');
    await this.ended;
  }
}
