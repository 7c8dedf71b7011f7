import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { isForCmd } from './command-line.js';
import { staysOpen } from './descriptors.js';
import { type Exit, exitOf } from './exit.js';
import type { InheritedSocket } from './inherited-socket.js';
import { INHERITED, type OutputRoute, type ReadOutput, visibleOutput } from './output.js';
import { groupOf, type ProcessGroup, sharedGroup, treeOf } from './process-group.js';

/** A command that has been started. */
export interface Started {
  readonly exited: Promise<Exit>;
  readonly group: ProcessGroup;
  /** Whether signals of the keyboard reach the command without the runner. */
  readonly sharesTerminal: boolean;
  /** The output that this process reads. */
  readonly output: readonly ReadOutput[];
  /** Lets the command begin. If this process dies before, nothing will ever have run. `null` if it has begun already. */
  readonly begin: (() => void) | null;
}

/** What a command is started with. */
export interface Outfit {
  readonly env: NodeJS.ProcessEnv;
  /** Whether the runner must see that the command writes. */
  readonly isOutputSeen: boolean;
  /** Descriptors of this process that the command gets under the same numbers. */
  readonly descriptors: readonly number[];
  readonly inheritedSocket: InheritedSocket | null;
}

/**
 * Without a socket that tells whether the command lives, the command waits for a line on a descriptor until the lock names its group. The gate
 * then becomes the command: same PID, same process group. A shell drops variables whose names are not identifiers.
 */
const GATE = 'read -r go <&GATE || exit 125; exec GATE<&-; exec "$@"';
/** A redirection can name a descriptor by one digit only: with two digits, some shells do not accept it (dash). */
const LAST_OF_SHELL = 9;

/** The preferred number of the inherited socket in the command. Scripts may open the lower ones themselves. */
const SOCKET_DESCRIPTOR = 20;

/** Starts a command; rejects with the system's error if it cannot be started. */
export async function start(command: readonly string[], outfit: Outfit): Promise<Started> {
  const sharesTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  if (process.platform === 'win32') return startOnWindows(command, outfit, sharesTerminal);

  const { env, descriptors, inheritedSocket } = outfit;
  const shared = sharesTerminal
    ? sharedGroup({ socket: inheritedSocket, token: env['LIVINGLOCK_TOKEN'] ?? '' })
    : null;
  const route = routeOf(outfit);
  const stdio: Stdio[] = ['inherit', ...route.stdio];
  for (const descriptor of descriptors) {
    if (!staysOpen(descriptor)) put(stdio, descriptor, descriptor);
  }
  const spare = freeNumber(descriptors, inheritedSocket === null ? 3 : SOCKET_DESCRIPTOR);
  put(stdio, spare, inheritedSocket?.descriptor ?? 'pipe');
  const [program = '', ...args] = inheritedSocket === null ? gated(command, spare) : command;
  const child = spawn(program, args, { env, detached: !sharesTerminal, stdio });
  const output = route.read(child);
  const exited = exitOf(child);
  const pid = await pidOf(child);
  const gate = inheritedSocket === null ? child.stdio[spare] : null;
  // It may be killed before it begins; its exit then tells.
  gate?.on('error', () => {});
  return {
    exited,
    group: shared?.(child) ?? groupOf(pid),
    sharesTerminal,
    output,
    begin: gate instanceof Writable ? () => gate.end('go\n') : null,
  };
}

type Stdio = 'inherit' | 'ignore' | 'pipe' | number;

function put(stdio: Stdio[], number: number, what: Stdio): void {
  while (stdio.length < number) stdio.push('ignore');
  stdio[number] = what;
}

function freeNumber(taken: readonly number[], from: number): number {
  let number = from;
  while (taken.includes(number)) number++;
  return number;
}

function gated(command: readonly string[], descriptor: number): readonly string[] {
  if (descriptor > LAST_OF_SHELL) {
    throw new Error(
      `one of the file descriptors 3 to ${LAST_OF_SHELL} must be free, but all are open. Close one: livinglock run … 9<&-`,
    );
  }
  return ['/bin/sh', '-c', GATE.replaceAll('GATE', String(descriptor)), 'livinglock', ...command];
}

/** Windows has no exec, so the command begins at once. cross-spawn finds scripts and quotes arguments the Windows way. */
async function startOnWindows(
  [program = '', ...args]: readonly string[],
  outfit: Outfit,
  sharesTerminal: boolean,
): Promise<Started> {
  const { default: crossSpawn } = await import('cross-spawn');
  const route = routeOf(outfit);
  const child = crossSpawn(program, args, {
    env: outfit.env,
    stdio: ['inherit', ...route.stdio],
    windowsVerbatimArguments: isForCmd([program, ...args]),
  });
  const exited = exitOf(child);
  const pid = await pidOf(child);
  const output = route.read(child);
  return { exited, group: treeOf(pid), sharesTerminal, output, begin: null };
}

function routeOf({ isOutputSeen }: Outfit): OutputRoute {
  return isOutputSeen ? visibleOutput() : INHERITED;
}

async function pidOf(child: ChildProcess): Promise<number> {
  if (child.pid !== undefined) return child.pid;
  await once(child, 'spawn');
  throw new Error('The command has started without a PID.');
}
