import { fstatSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { type ProcessTable, systemProcesses } from '../../index.js';
import { randomUuid } from '../../system/uuid.js';

/** A socket that the command inherits, and all that it starts. */
export interface InheritedSocket {
  /** See {@link ProcessIdentity.inheritedSocket}. */
  readonly name: string;
  readonly descriptor: number;
  readonly inode: bigint;
  /** Closes it in this process. */
  close(): void;
}

/**
 * Between the start of the command and the moment when its group stands in the lock, the runner may be killed. The kernel says then whether
 * the command lives: for as long as anything has this socket open. Nobody ever talks through it.
 *
 * `null` where there are no such sockets: anywhere but on Linux (unix(7), "abstract"), or where they are forbidden.
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

/** Whether a process has inherited it, and not closed it. */
export function hasOpen(pid: number, { inode }: InheritedSocket): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => readlinkSync(`${folder}/${name}`) === `socket:[${inode}]`);
  } catch {
    // It has ended, or belongs to another user.
    return false;
  }
}

/** Node has no public way to it. */
function descriptorOf(server: Server): number | null {
  const handle: unknown = Reflect.get(server, '_handle');
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : null;
  return typeof descriptor === 'number' && descriptor > 2 ? descriptor : null;
}

/** The system's process table, in which this process says what it hands on. */
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
