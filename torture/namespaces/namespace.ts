import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from 'livinglock';
import { childrenOf } from '../../support/children.js';

const UNSHARE = ['--pid', '--fork', '--kill-child', '--mount-proc', '--'];

/**
 * The first process, which reports that it is there. It ends when its input does, so nothing in the namespace survives the torture, however that
 * ends: the kernel kills everything else in a PID namespace with its first process (pid_namespaces(7)).
 */
const FIRST_PROCESS = ['sh', '-c', 'echo; exec cat'];

/** The numbers of the namespaces that were started. 0 stands for the torture's own. */
let lastNumber = 0;

/** Whether this process may make PID namespaces, and has what the torture needs then. */
export function canMakeNamespaces(): boolean {
  const isThere = (program: string) => succeeds(program, '--version');
  return ['nsenter', 'bash'].every(isThere) && succeeds('unshare', ...UNSHARE, 'true');
}

/** A PID namespace, as a container has one. */
export class Namespace {
  readonly number: number = ++lastNumber;
  readonly #outer: ChildProcess;
  readonly #members = new Set<(at: number) => void>();
  #isKilled = false;

  private constructor(outer: ChildProcess) {
    this.#outer = outer;
  }

  /** Resolves when processes can enter it. */
  static async start(): Promise<Namespace> {
    const outer = spawn('unshare', [...UNSHARE, ...FIRST_PROCESS], { stdio: ['pipe', 'pipe', 'inherit'] });
    const namespace = new Namespace(outer);
    const failure = once(outer, 'exit').then(([code]) => {
      throw new Error(`no PID namespace could be made: unshare has ended with ${code}`);
    });
    await Promise.race([once(outer.stdout, 'data'), failure]);
    // From now on it may end.
    failure.catch(() => {});
    return namespace;
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** The words before a command line that run it there, as a child of the process that they start. */
  entrance(): string[] {
    const [first] = childrenOf(this.#outer.pid);
    // A shell outside waits for it: nsenter itself would stop with a child that is stopped, and go on only if both are resumed.
    const shell = ['sh', '-c', '"$@" & exec 2> /dev/null; wait $!', 'sh'];
    return ['nsenter', '--no-fork', '--target', String(first), '--pid', '--mount', '--', ...shell];
  }

  /** @param onKill Is called when it is about to be killed, with the time. */
  join(onKill: (at: number) => void): void {
    this.#members.add(onKill);
  }

  leave(onKill: (at: number) => void): void {
    this.#members.delete(onKill);
  }

  /** Kills its first process, and so all others. Returns how many belonged to the torture. */
  kill(): number {
    const at = systemClock.monotonic();
    this.#isKilled = true;
    for (const onKill of this.#members) onKill(at);
    this.#outer.kill('SIGKILL');
    return this.#members.size;
  }
}

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
