import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newFolder, removeFolder } from '../host.js';

/** Whether there is a `redis-server` on the PATH. */
export const canServeRedis = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

/**
 * Below the range that the system gives to clients, even with the 10,000 that a cluster node adds. Otherwise a client that tries to
 * reach a server that is away may get its port, and connect to itself.
 */
const FIRST_PORT = 12_000;
const PORTS = 10_000;
/** How many ports to try, in case someone else has one. */
const MOST_PORTS = 20;

/** The server's output, which shows why it did not start. */
type Log = string[];

/** A Redis server of a test's own, on a port of this machine and with its data in a temporary folder. */
export class RedisServer {
  readonly #folder = newFolder();
  readonly #settings: readonly string[];
  #port = 0;
  #process: ChildProcess | null = null;
  #guard: ChildProcess | null = null;

  /** @param settings As on the command line of `redis-server`. */
  static async start(...settings: string[]): Promise<RedisServer> {
    const server = new RedisServer(settings);
    await server.start();
    return server;
  }

  private constructor(settings: readonly string[]) {
    this.#settings = settings;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Starts it, on the same port and with the same data if it ran before. */
  async start(): Promise<void> {
    const isNew = this.#port === 0;
    for (let tries = 1; ; tries++) {
      if (isNew) this.#port = FIRST_PORT + Math.floor(Math.random() * PORTS);
      const log: Log = [];
      this.#process = await this.#spawn(log);
      if (this.#process !== null) {
        this.#guard = guard(this.#process.pid, this.#folder);
        return;
      }
      if (!isNew || tries === MOST_PORTS) throw new Error(`redis-server did not start:\n${log.join('\n')}`);
    }
  }

  /** Ends it as an operator would: by then its data is on disk, if it is to be kept. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    this.#guard?.kill('SIGKILL');
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Freezes it: it keeps its connections, and answers nobody. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends it, and removes what it has written. */
  async end(): Promise<void> {
    await this.stop('SIGKILL');
    removeFolder(this.#folder);
  }

  /** `null` if it ended before it was ready. */
  async #spawn(log: Log): Promise<ChildProcess | null> {
    const config = join(this.#folder, 'redis.conf');
    const defaults = [
      'bind 127.0.0.1',
      `port ${this.#port}`,
      `dir "${this.#folder}"`,
      'save ""',
      // A replica has its copy at once.
      'repl-diskless-sync-delay 0',
    ];
    writeFileSync(config, `${defaults.join('\n')}\n`);
    const child = spawn('redis-server', [config, ...this.#settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      log.push(line);
      if (line.includes('Ready to accept connections')) {
        child.stdout.resume();
        return child;
      }
    }
    return null;
  }
}

/** Ends the server when the process that started it is gone, for whatever reason: then its end of the pipe is closed. */
function guard(pid: number | undefined, folder: string): ChildProcess {
  const script = 'read -r _; kill -9 "$1"; rm -rf "$2"';
  // In a session of its own, because Ctrl-C ends all processes of the terminal's.
  return spawn('sh', ['-c', script, 'sh', String(pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}
