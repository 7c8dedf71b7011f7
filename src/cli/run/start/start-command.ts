import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { devNull } from 'node:os';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { oneLine } from '../../../core/describe-holder.js';
import { remedyFor } from '../../../core/system-error-remedies.js';
import { isError } from '../../../system/is-error.js';
import { messageOf } from '../../../system/message-of.js';
import { systemCode } from '../../../system/system-code.js';
import { CliError } from '../../errors/cli-error.js';
import { ExitCode } from '../../errors/exit-codes.js';
import { type Exit, exitOf } from '../exit-status.js';
import { isForCmd } from '../options/wrapped-command.js';
import type { OutputRoute, ReadOutput } from '../output/output-route.js';
import { groupOf, type ProcessGroup, sharedGroup, treeOf } from '../processes/process-group.js';
import type { InheritedSocket } from '../sign/inherited-socket.js';
import { put, type Stdio, staysOpen } from './descriptors.js';

/** A command that has been started. */
export interface Started {
  readonly exited: Promise<Exit>;
  readonly group: ProcessGroup;
  /** Whether signals of the keyboard reach the command without the runner. */
  readonly sharesTerminal: boolean;
  /** The output that this process reads. */
  readonly output: readonly ReadOutput[];
  /** Lets the command begin. If this process dies before, nothing will ever have run. `null` if it has begun already. */
  readonly openGate: (() => void) | null;
}

/** What a command is started with. */
export interface Outfit {
  readonly env: NodeJS.ProcessEnv;
  readonly output: OutputRoute;
  /** Descriptors of this process that the command gets under the same numbers. */
  readonly descriptors: readonly number[];
  readonly inheritedSocket: InheritedSocket | null;
  /** Whether the command ignores SIGHUP on a terminal, as under nohup(1). */
  readonly ignoreHangup: boolean;
}

/**
 * Without a socket that tells whether the command lives, the command waits for a line on a descriptor until the lock names its group. The gate
 * then becomes the command: same PID, same process group. A shell drops variables whose names are not identifiers.
 */
const GATE = 'read -r go <&GATE || exit 125; exec GATE<&-; ';
/** What becomes the command. */
const EXEC = 'exec "$@"';
/** Node gives each process that it starts the default action for every signal. Without a terminal, nobody but this process would send SIGHUP. */
const IGNORE_HANGUP = 'trap "" HUP; ';
/** A redirection can name a descriptor by one digit only: with two digits, some shells do not accept it (dash). */
const LAST_OF_SHELL = 9;

/** What to do about a system error. EINVAL: the number of the inherited socket is above the limit (fcntl(2), F_DUPFD). */
const REMEDIES: ReadonlyMap<string | null, string> = new Map([
  ...['EMFILE', 'ENFILE', 'EINVAL'].map((code) => [code, remedyFor('EMFILE')] as const),
  ['EAGAIN', 'No more processes are allowed: raise the limit (`ulimit -u`, `TasksMax=`, `--pids-limit`).'],
]);

/** Starts a command; rejects with the system's error if it cannot be started. */
export async function start(command: readonly string[], outfit: Outfit): Promise<Started> {
  if (process.platform === 'win32') return startOnWindows(command, outfit);
  const sharesTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));

  const { env, output, descriptors, inheritedSocket, ignoreHangup } = outfit;
  const shared = sharesTerminal
    ? sharedGroup({ socket: inheritedSocket, token: env['LIVINGLOCK_TOKEN'] ?? '' })
    : null;
  const stdio: Stdio[] = ['inherit', ...output.stdio];
  for (const descriptor of descriptors) {
    if (!staysOpen(descriptor)) put(stdio, descriptor, descriptor);
  }
  const spare = spareNumber(descriptors, inheritedSocket);
  put(stdio, spare, inheritedSocket?.descriptor ?? 'pipe');
  const before = `${ignoreHangup && sharesTerminal ? IGNORE_HANGUP : ''}${inheritedSocket === null ? gateOn(spare) : ''}`;
  const [program = '', ...args] =
    before === '' ? command : ['/bin/sh', '-c', `${before}${EXEC}`, 'livinglock', ...command];
  const child = spawn(program, args, { env, detached: !sharesTerminal, stdio });
  const read = output.read(child);
  const exited = exitOf(child);
  const pid = await pidOf(child);
  const gate = inheritedSocket === null ? child.stdio[spare] : null;
  // It may be killed before it begins; its exit then tells.
  gate?.on('error', () => {});
  return {
    exited,
    group: shared?.(child) ?? groupOf(pid),
    sharesTerminal,
    output: read,
    openGate: gate instanceof Writable ? () => gate.end('go\n') : null,
  };
}

/** Why a command that was found could not be started. */
export function notStarted(program: string, error: unknown): CliError {
  const cannot = `Cannot start ${oneLine(program)}`;
  const code = systemCode(error);
  if (code === 'ENOENT' && process.platform !== 'win32' && !existsSync(devNull)) {
    return new CliError(
      ExitCode.notExecutable,
      `${cannot}: there is no ${devNull} here. Make it (\`mknod -m 666 ${devNull} c 1 3\`), or mount /dev.`,
    );
  }
  // The program itself was found. As a shell does, this counts as not found.
  if (code === 'ENOENT' && isError(error) && 'path' in error && error.path === program) {
    return new CliError(
      ExitCode.notFound,
      `${cannot}: its interpreter does not exist. If it is a script, check its first line (#!), which must not end in CR LF. If it is a binary, it may have been built for another C library.`,
    );
  }
  const remedy = REMEDIES.get(code) ?? '';
  return new CliError(ExitCode.notExecutable, `${cannot}: ${messageOf(error)}. ${remedy}`.trimEnd());
}

/** Windows has no exec, so the command begins at once. cross-spawn finds scripts and quotes arguments the Windows way. */
async function startOnWindows(
  [program = '', ...args]: readonly string[],
  { env, output }: Outfit,
): Promise<Started> {
  const { default: crossSpawn } = await import('cross-spawn');
  const child = crossSpawn(program, args, {
    env,
    stdio: ['inherit', ...output.stdio],
    windowsVerbatimArguments: isForCmd([program, ...args]),
  });
  const exited = exitOf(child);
  const pid = await pidOf(child);
  return {
    exited,
    group: treeOf(child, pid),
    // Ctrl-C and Ctrl-Break reach every process of a console, whatever its standard streams are.
    sharesTerminal: true,
    output: output.read(child),
    openGate: null,
  };
}

/** Rejects with the system's error if the command cannot be started. */
async function pidOf(child: ChildProcess): Promise<number> {
  if (child.pid !== undefined) return child.pid;
  await once(child, 'spawn');
  throw new Error('The command has started without a PID.');
}

/**
 * For the gate, the first free one. For the socket, the number that it has here, which no other descriptor has: under one that is free here, libuv may
 * have the pipe by which it learns that the command could not be started. Scripts may open the lowest ones themselves.
 */
function spareNumber(taken: readonly number[], socket: InheritedSocket | null): number {
  let number = socket === null ? 3 : Math.max(socket.descriptor, LAST_OF_SHELL + 1);
  while (taken.includes(number)) number++;
  return number;
}

function gateOn(descriptor: number): string {
  if (descriptor > LAST_OF_SHELL) {
    throw new Error(
      `one of the file descriptors 3 to ${LAST_OF_SHELL} must be free, but all are open. Close one: livinglock run … 9<&-`,
    );
  }
  return GATE.replaceAll('GATE', String(descriptor));
}
