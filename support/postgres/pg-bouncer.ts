import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { isRoot, NOBODY, newFolder, removeFolder } from '../host.js';
import { poll } from '../running.js';
import type { PostgresServer } from './postgres-server.js';

/** Whether there is a `pgbouncer` on the PATH. */
export const canPool = spawnSync('pgbouncer', ['--version'], { stdio: 'ignore' }).status === 0;

/** What a session of the server is lent for. */
export type PoolMode = 'session' | 'transaction' | 'statement';

/** Starts PgBouncer in front of a server, with three sessions that take turns, until the test ends. Resolves to the address for a driver. */
export async function pgBouncerTo(server: PostgresServer, mode: PoolMode): Promise<string> {
  const folder = newFolder();
  const config = join(folder, 'pgbouncer.ini');
  const settings = {
    listen_addr: '',
    unix_socket_dir: folder,
    auth_type: 'any',
    pool_mode: mode,
    server_round_robin: 1,
    min_pool_size: 3,
  };
  const database = `postgres = host=${server.folder} user=postgres pool_size=3`;
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(config, `[databases]\n${database}\n[pgbouncer]\n${lines.join('\n')}\n`);
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  // It does not run as root.
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn('pgbouncer', ['--quiet', config], { ...user, cwd: '/', stdio: 'ignore' });
  onTestFinished(async () => {
    const exited = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGKILL')) await exited;
    removeFolder(folder);
  });
  // The socket has its name before anyone listens.
  await poll('PgBouncer does not start', () => listensAt(join(folder, '.s.PGSQL.6432')));
  return `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}&port=6432`;
}

async function listensAt(socket: string): Promise<boolean> {
  const connection = connect(socket);
  try {
    await once(connection, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}
