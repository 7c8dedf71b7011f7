import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { exitOf } from '../exit-status.js';
import { groupOf, sharedGroup } from '../processes/process-group.js';
import type { InheritedSocket } from '../sign/inherited-socket.js';
import { put, type Stdio, staysOpen } from './descriptors.js';
import { startOnWindows } from './start-on-windows.js';
import { type Outfit, pidOf, type Started } from './started-command.js';

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

/** Starts a command; rejects with the system's error if it cannot be started. */
export async function start(command: readonly string[], outfit: Outfit): Promise<Started> {
  if (process.platform === 'win32') return startOnWindows(command, outfit);
  const sharesTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));

  const { env, output, descriptors, inheritedSocket, ignoresHangup } = outfit;
  const shared = sharesTerminal
    ? sharedGroup({ socket: inheritedSocket, token: env['LIVINGLOCK_TOKEN'] ?? '' })
    : null;
  const stdio: Stdio[] = ['inherit', ...output.stdio];
  for (const descriptor of descriptors) {
    if (!staysOpen(descriptor)) put(stdio, descriptor, descriptor);
  }
  const spare = spareNumber(descriptors, inheritedSocket);
  put(stdio, spare, inheritedSocket?.descriptor ?? 'pipe');
  const before = `${ignoresHangup && sharesTerminal ? IGNORE_HANGUP : ''}${inheritedSocket === null ? gateOn(spare) : ''}`;
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
    begin: gate instanceof Writable ? () => gate.end('go\n') : null,
  };
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
