import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe } from 'vitest';

/** Whether there is a `redis-server` on the PATH. */
const isThere = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

if (!isThere) {
  process.stderr.write(
    '\n*** SKIPPED: the tests of locks in Redis, because there is no redis-server on the PATH. ***\n' +
      '    Install it with `apt-get install redis-server` or `brew install redis`.\n\n',
  );
}

/** `describe` for what needs a real Redis. Where there is none it is counted as skipped. */
export const describeWithRedis = describe.skipIf(!isThere);

/** How often to try another port, should somebody else have been faster. */
const MOST_PORTS = 5;

/** Lines that the server has said, for who wonders why it did not start. */
type Log = string[];

/** A Redis server of a test's own, on a port of this machine and with its data in a temporary folder. */
export class RedisServer {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'livinglock-redis-')));
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

  /** Starts it, again on the same port and with the same data where it has been there before. */
  async start(): Promise<void> {
    const isNew = this.#port === 0;
    for (let tries = 1; ; tries++) {
      if (isNew) this.#port = await freePort();
      const log: Log = [];
      this.#process = await this.#spawn(log);
      if (this.#process !== null) {
        this.#guard = guard(this.#process.pid, this.#folder);
        return;
      }
      if (!isNew || tries === MOST_PORTS) throw new Error(`redis-server did not start:\n${log.join('\n')}`);
    }
  }

  /** Ends it as an operator does: what it knows is on disk when it has ended, if it is to be kept. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    this.#guard?.kill('SIGKILL');
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Stops it in its tracks: it keeps its connections, and answers nobody. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends it, and removes what it has written. */
  async end(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** `null` where it has ended before it was ready. */
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

/** Ends the server when the process that has started it is gone, whatever has ended that: then its end of the pipe is closed. */
function guard(pid: number | undefined, folder: string): ChildProcess {
  const script = 'read -r _; kill -9 "$1"; rm -rf "$2"';
  return spawn('sh', ['-c', script, 'sh', String(pid), folder], { stdio: ['pipe', 'ignore', 'ignore'] });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
