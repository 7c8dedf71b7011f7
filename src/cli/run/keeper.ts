import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

export const SHELL = '/bin/sh';

/**
 * Waits until the runner says that all is over, or has died. Then it lives as long as anything of the group does. A zombie has ended, provided that
 * its main thread was the last one (proc_pid_stat(5): state, group, and number of threads). Where `/proc` cannot be read, only the kernel's answer
 * counts, which takes zombies for living processes.
 */
const SCRIPT = `
read -r over && exit
while case $(kill -0 -- "-$1" 2>&1) in *"o such process"*) false;; esac; do
  seen= alive=
  for file in /proc/[0-9]*/stat; do
    { IFS= read -r line < "$file"; } 2> /dev/null || continue
    seen=1
    set -- "$1" \${line##*) }
    [ "$4" = "$1" ] || continue
    case $2 in Z | X) [ "\${19}" -le 1 ] && continue;; esac
    alive=1
    break
  done
  [ -n "$seen" ] && [ -z "$alive" ] && exit
  sleep 1
done
`;

/**
 * A process beside a command in a container. It keeps the lock's sign of life until nothing is left of the command, also if the runner is killed: the
 * command itself cannot, because many programs close what they did not open (sudo, Python's `subprocess`). Whatever kills the whole container
 * kills it, too.
 */
export class Keeper {
  readonly #process: ChildProcess;
  readonly #input: Writable | null;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.#input = child.stdin;
  }

  /**
   * `null` if the system cannot start it.
   *
   * @param sign The descriptor of the sign.
   */
  static async start(group: number, sign: number): Promise<Keeper | null> {
    // Not named after this program: whoever ends that by its name must not end its keeper, too. In a list of processes it is one short line.
    const child = spawn(SHELL, ['-c', 'eval "$KEEPER"', 'keeper', String(group)], {
      // What ends the command does not reach it.
      detached: true,
      cwd: '/',
      env: { PATH: process.env['PATH'], LC_ALL: 'C', KEEPER: SCRIPT },
      stdio: ['pipe', 'ignore', 'ignore', sign],
    });
    child.stdin?.on('error', () => {});
    try {
      await once(child, 'spawn');
    } catch {
      return null;
    }
    child.unref();
    return new Keeper(child);
  }

  /** Resolves when it is gone: without a first process that does so, nobody else would clear it away. */
  async end(): Promise<void> {
    this.#process.ref();
    this.#input?.end('over\n');
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, 'exit');
  }
}
