import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

export const SHELL = '/bin/sh';

/**
 * Waits until the runner says that all is over, or has died. Then it lives as long as the command does.
 *
 * If the runner died before it could tell the command's group: as long as anything has the socket open that the command inherits. A list of sockets may
 * miss one that exists all the time, so three must.
 *
 * Otherwise as long as anything of that group lives. A zombie has ended, provided that its main thread was the last one (proc_pid_stat(5): state, group,
 * number of threads). Where /proc shows nothing, only the kernel's answer counts, which takes zombies for living processes.
 */
const SCRIPT = `
isOpen() {
  while IFS= read -r line; do
    case $line in *" $1 @livinglock/"*) return 0;; esac
  done < /proc/net/unix
  return 1
}
read -r group || {
  while isOpen "$1" || isOpen "$1" || isOpen "$1"; do sleep 1; done
  exit
}
read -r over && exit
while case $(kill -0 -- "-$group" 2>&1) in *"o such process"*) false;; esac; do
  seen= alive=
  for file in /proc/[0-9]*/stat; do
    { IFS= read -r line < "$file"; } 2> /dev/null || continue
    seen=1
    set -- \${line##*) }
    [ "$3" = "$group" ] || continue
    case $1 in Z | X) [ "\${18}" -le 1 ] && continue;; esac
    alive=1
    break
  done
  [ -n "$seen" ] && [ -z "$alive" ] && exit
  sleep 1
done
`;

/**
 * A process beside a command in a container. It keeps the lock's sign of life until nothing is left of the command, also if the runner is killed: the
 * command itself cannot, because many programs close what they did not open (sudo, Python's `subprocess`), and daemons do not. Whatever kills the
 * whole container kills it, too.
 */
export class Keeper {
  readonly #process: ChildProcess;
  /** What it hears from the runner. */
  readonly input: Writable | null;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.input = child.stdin;
  }

  /**
   * Starts it, before the command. Rejects with the system's error.
   *
   * @param sign The descriptor of the sign.
   * @param socket The inode number of the socket that the command inherits.
   */
  static async start(sign: number, socket: bigint): Promise<Keeper> {
    // Not named after this program: whoever ends that by its name must not end its keeper, too. In a list of processes it is one short line.
    const child = spawn(SHELL, ['-c', 'eval "$KEEPER"', 'keeper', String(socket)], {
      // What ends the command does not reach it.
      detached: true,
      cwd: '/',
      env: { PATH: process.env['PATH'], LC_ALL: 'C', KEEPER: SCRIPT },
      stdio: ['pipe', 'ignore', 'ignore', sign],
    });
    child.stdin?.on('error', () => {});
    await once(child, 'spawn');
    child.unref();
    return new Keeper(child);
  }

  /** From now on it needs no socket to know the command. */
  tell(group: number): void {
    this.input?.write(`${group}\n`);
  }

  /** Resolves when it is gone: where nobody else does so, this process must clear it away. */
  async end(): Promise<void> {
    this.#process.ref();
    this.input?.end('over\nover\n');
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, 'exit');
  }
}
