import { fstatSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { messageOf } from '../../../system/message-of.js';
import { descriptorOf } from '../../../system/signs-of-life/linux.js';
import { randomUuid } from '../../../system/uuid.js';
import { CliError } from '../../errors/cli-error.js';
import { ExitCode } from '../../errors/exit-codes.js';

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
  const socket = await openSocket().catch(() => null);
  if (socket === null) return null;
  const inherited: InheritedSocket = {
    ...socket,
    async renew() {
      inherited.close();
      try {
        Object.assign(inherited, await openSocket());
      } catch (error) {
        throw new CliError(
          ExitCode.notExecutable,
          `Cannot start the command again, because no socket can be made that shows whether it is alive: ${messageOf(error)}.`,
        );
      }
    },
  };
  return inherited;
}

async function openSocket(): Promise<OpenSocket> {
  if (process.platform !== 'linux') throw new Error('only Linux has such sockets');
  const namespace = readlinkSync('/proc/self/ns/net');
  const name = `livinglock/${randomUuid()}`;
  const server = createServer((connection) => connection.destroy()).unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ path: `\0${name}`, exclusive: true }, resolve);
  });
  const descriptor = descriptorOf(server);
  if (descriptor === null) throw new Error('this version of Node does not reveal its descriptor');
  const { ino } = fstatSync(descriptor, { bigint: true });
  return { name: `${namespace} ${name} ${ino}`, descriptor, inode: ino, close: () => server.close() };
}
