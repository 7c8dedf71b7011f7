import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { attempt } from '../attempt.js';
import { hostOrContainer, type ProcessIdentity } from '../processes/process-identity.js';
import type { Liveness } from '../processes/process-table.js';
import { systemCode } from '../system-code.js';
import { isExpected, type Life, type Sign, type SignFile } from './sign-of-life.js';

/** In open(2). Node has no constant for it. */
const O_PATH = 0o10000000;
/** The longest path of a socket in bytes, without the NUL (unix(7)). */
const LONGEST_PATH = 107;
/** The smallest inode number of a namespace: the block of the initial ones in the kernel's `include/uapi/linux/nsfs.h` begins below it. */
const FIRST_NAMESPACE = 0xeffffff0;

/**
 * A listening unix socket. Connecting tells whether any process still has it open, also across PID, network and mount namespaces, and however
 * busy or frozen that process is: the kernel itself accepts, or says EAGAIN if too many connections wait.
 *
 * When it is refused, no thread of that process runs any code any more, but its other files may be open for some milliseconds: the kernel closes
 * them one after the other, beginning with the greatest descriptor (`task_work_run` in its `kernel/task_work.c`).
 *
 * Chromium's `ProcessSingleton` keeps a socket beside its lock, too.
 */
export class LinuxLife implements Life {
  readonly isMovable = true;
  /** A kernel may make a second inode for a socket, over a network or in FUSE, at which nobody listens. */
  readonly needsLocalFiles = true;
  readonly #self: () => ProcessIdentity;

  constructor(self: () => ProcessIdentity) {
    this.#self = self;
  }

  get when(): Life['when'] {
    return hostOrContainer(this.#self()) === 'host' ? 'holding' : 'entering';
  }

  keep(path: string): Sign | null {
    return attempt(() => throughFolder(path, listen), null);
  }

  /** Through a descriptor, which leads to the file that was looked at, and is short. */
  async ask(path: string, expected?: SignFile): Promise<Liveness> {
    if (!isOfLinux(this.#self())) return 'unknown';
    const descriptor = attempt(() => openSync(path, O_PATH | constants.O_NOFOLLOW), null);
    if (descriptor === null) return 'unknown';
    try {
      const status = fstatSync(descriptor);
      if (!status.isSocket() || !isExpected(status, expected)) return 'unknown';
      return await answerOf(`/proc/self/fd/${descriptor}`);
    } catch {
      return 'unknown';
    } finally {
      closeSync(descriptor);
    }
  }
}

/**
 * An emulated kernel has sockets of its own in each sandbox. gVisor gives each one a boot ID of its own (`tasks_sys.go` in its `fsimpl/proc`), but
 * copies of one snapshot may share it. Its namespaces have small numbers.
 */
function isOfLinux({ pidNamespace }: ProcessIdentity): boolean {
  const [, inode] = /^pid:\[(\d+)\]$/.exec(pidNamespace ?? '') ?? [];
  return Number(inode) >= FIRST_NAMESPACE;
}

function throughFolder<T>(path: string, act: (path: string) => T): T {
  if (Buffer.byteLength(path) <= LONGEST_PATH) return act(path);
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return act(`/proc/self/fd/${folder}/${basename(path)}`);
  } finally {
    closeSync(folder);
  }
}

/** Whoever may read the lock may ask: connecting needs the right to write to the socket (unix(7)). */
function listen(path: string): Sign | null {
  const server = createServer();
  // Each connection is closed at once, and never becomes a socket. In Node, to destroy a socket creates `process.stderr`, which makes a pipe
  // non-blocking for all who share it.
  server.maxConnections = -1;
  // A path that does not exist, and a later failure to accept.
  server.on('error', () => {});
  server.listen({ path, exclusive: true, readableAll: true, writableAll: true }).unref();
  if (!server.listening) return null;
  return { descriptor: descriptorOf(server), close: () => void server.close() };
}

/** Node has no public API for this. */
export function descriptorOf(server: Server): number | null {
  const handle: unknown = Reflect.get(server, '_handle');
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : null;
  return typeof descriptor === 'number' && descriptor > 2 ? descriptor : null;
}

function answerOf(path: string): Promise<Liveness> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve('alive');
    });
    socket.on('error', (error) => resolve(LIVENESS_BY_CODE.get(systemCode(error) ?? '') ?? 'unknown'));
  });
}

const LIVENESS_BY_CODE: ReadonlyMap<string, Liveness> = new Map([
  ['ECONNREFUSED', 'dead'],
  ['EAGAIN', 'alive'],
]);
