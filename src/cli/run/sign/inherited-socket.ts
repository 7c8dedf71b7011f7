import { fstatSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { descriptorOf } from '../../../system/signs-of-life/linux.js';
import { randomUuid } from '../../../system/uuid.js';

/** A socket that the command and all its descendants inherit. */
export interface InheritedSocket {
  /** See {@link ProcessIdentity.inheritedSocket}. */
  readonly name: string;
  readonly descriptor: number;
  readonly inode: bigint;
  /** Closes it in this process. */
  close(): void;
  /** Closes it, and becomes another socket, for another command. Rejects if there can be none. */
  renew(): Promise<void>;
}

type OpenSocket = Omit<InheritedSocket, 'renew'>;

/**
 * The runner may be killed between the start of the command and the moment when the lock names its process group. Then the kernel
 * still tells whether the command lives: some process has this socket open. Nothing is ever sent through it.
 *
 * `null` if such sockets do not exist (anywhere but on Linux; unix(7), "abstract") or are forbidden.
 */
export async function makeInheritedSocket(): Promise<InheritedSocket | null> {
  const first = await openSocket();
  if (first === null) return null;
  const socket: InheritedSocket = {
    ...first,
    async renew() {
      socket.close();
      const next = await openSocket();
      if (next === null) throw new Error('no socket can be made that shows whether the command lives');
      Object.assign(socket, next);
    },
  };
  return socket;
}

async function openSocket(): Promise<OpenSocket | null> {
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
