import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isPosix, isRoot, NOBODY, newFolder, removeFolder } from '../host.js';

/** Whether there is a `mariadbd` on the PATH. */
export const canServeMysql =
  isPosix && spawnSync('mariadbd', ['--version'], { stdio: 'ignore' }).status === 0;

/** It runs as root only if that is forced. */
const USER = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** Nothing needs to outlive the machine, and everybody who reaches the socket may do everything. */
const SETTINGS = [
  '--no-defaults',
  '--skip-networking',
  '--skip-grant-tables',
  '--innodb-buffer-pool-size=16M',
  '--innodb-flush-log-at-trx-commit=0',
];

/** A MariaDB server of a test's own, with its data and its socket in a temporary folder. */
export class MysqlServer {
  readonly #folder: string;
  readonly #process: ChildProcess;

  /** @param settings As on the command line of `mariadbd`. */
  static async start(...settings: string[]): Promise<MysqlServer> {
    const server = new MysqlServer(newFolder(), settings);
    const log: string[] = [];
    const { stderr } = server.#process;
    if (stderr === null) throw new Error('mariadbd has no output');
    for await (const line of createInterface({ input: stderr })) {
      log.push(line);
      if (!line.includes('ready for connections')) continue;
      stderr.resume();
      return server;
    }
    removeFolder(server.#folder);
    throw new Error(`mariadbd did not start:\n${log.join('\n')}`);
  }

  private constructor(folder: string, settings: readonly string[]) {
    this.#folder = folder;
    const data = join(folder, 'data');
    mkdirSync(data);
    if (isRoot) for (const each of [folder, data]) chownSync(each, NOBODY, NOBODY);
    // Ends the server and removes the folder as soon as the process that started it ends, however that happens, or closes its input.
    const script = `folder=$1; shift; mariadbd "$@" & server=$!
      (read -r _ <&3; kill -9 $server 2> /dev/null) & wait $server; kill $! 2> /dev/null; rm -rf "$folder"`;
    this.#process = spawn(
      'sh',
      [
        '-c',
        `exec 3<&0; ${script}`,
        'sh',
        folder,
        ...SETTINGS,
        ...settings,
        `--datadir=${data}`,
        `--socket=${this.socket}`,
      ],
      { ...USER, cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'pipe'] },
    );
  }

  get socket(): string {
    return join(this.#folder, 'socket');
  }

  /** Ends it, and removes what it has written. */
  async end(): Promise<void> {
    this.#process.stdin?.end();
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
    // The server's user may not be able to remove it.
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
