import { fstatSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { type ProcessTable, systemProcesses } from '../../index.js';
import { randomUuid } from '../../system/uuid.js';

/** A socket that the command and all its descendants inherit. */
export interface InheritedSocket {
  /** See {@link ProcessIdentity.inheritedSocket}. */
  readonly name: string;
  readonly descriptor: number;
  readonly inode: bigint;
  /** Closes it in this process. */
  close(): void;
}

/**
 * The runner may be killed between the start of the command and the moment when the lock names its process group. Then the kernel
 * still tells whether the command lives: some process has this socket open. Nothing is ever sent through it.
 *
 * `null` if such sockets do not exist (anywhere but on Linux; unix(7), "abstract") or are forbidden.
 */
export async function makeInheritedSocket(): Promise<InheritedSocket | null> {
  if (process.platform !== 'linux') return null;
  try {
    const namespace = readlinkSync('/proc/self/ns/net');
    const name = `livinglock/${randomUuid()}`;
    const server = createServer((connection) => connection.destroy()).unref();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ path: `\0${name}`, exclusive: true }, resolve);
    });
    const descriptor = descriptorOf(server);
    if (descriptor === null) return null;
    const { ino } = fstatSync(descriptor, { bigint: true });
    return { name: `${namespace} ${name} ${ino}`, descriptor, inode: ino, close: () => server.close() };
  } catch {
    return null;
  }
}

/** Whether a process has inherited it and still has it open. */
export function hasOpen(pid: number, { inode }: InheritedSocket): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => readlinkSync(`${folder}/${name}`) === `socket:[${inode}]`);
  } catch {
    // The process has ended, or belongs to another user.
    return false;
  }
}

/** Node has no public API for this. */
function descriptorOf(server: Server): number | null {
  const handle: unknown = Reflect.get(server, '_handle');
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : null;
  return typeof descriptor === 'number' && descriptor > 2 ? descriptor : null;
}

/** The system's process table, extended by the socket that this process hands on. */
export function processesWith(socket: InheritedSocket | null): ProcessTable {
  const processes = systemProcesses();
  if (socket === null) return processes;
  return {
    self: () => ({ ...processes.self(), inheritedSocket: socket.name }),
    identify(pid, group) {
      const identity = processes.identify(pid, group);
      return identity?.group === true ? { ...identity, inheritedSocket: socket.name } : identity;
    },
    liveness: (identity, age) => processes.liveness(identity, age),
    terminate: (identity, grace, writer) => processes.terminate(identity, grace, writer),
    refuseTermination: (identity, writer) => processes.refuseTermination?.(identity, writer),
    uptime: () => processes.uptime?.() ?? null,
  };
}
