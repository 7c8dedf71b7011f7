import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { describeWithServer } from '../support/describe-with-server.js';
import { isPosix, newFolder, removeFolder } from '../support/machine.js';
import { canServePostgres, PostgresServer } from '../support/postgres/postgres-server.js';

// In the Node that runs this, and in Bun and Deno as npm installs them.

const PACKAGES = join(import.meta.dirname, 'node_modules');
const PROGRAM = join(import.meta.dirname, 'support', 'runtime.mjs');
const COMMAND = join(PACKAGES, 'livinglock', 'dist', 'bin', 'livinglock.js');
const EXTENSION = isPosix ? '' : '.exe';

interface Runtime {
  readonly name: string;
  /** The program; `null` if it is not installed. */
  readonly path: string | null;
  readonly flags: readonly string[];
  /** Whether the command `livinglock` works in it. */
  readonly hasCommand: boolean;
  /** Through what it keeps locks in SQLite. */
  readonly sqlite: readonly string[];
  /** Through what it keeps locks in PostgreSQL. */
  readonly postgres: readonly string[];
}

const BUN: Runtime = {
  name: 'Bun',
  // The install script of `bun` moves the program.
  path: programIn('@oven', 'bin', 'bun') ?? existing(join(PACKAGES, 'bun', 'bin', 'bun.exe')),
  flags: [],
  hasCommand: true,
  sqlite: ['node:sqlite', 'bun:sqlite'],
  postgres: ['pg', "Bun's SQL"],
};

const RUNTIMES: readonly Runtime[] = [
  {
    name: 'Node',
    path: process.execPath,
    flags: ['--no-warnings'],
    hasCommand: true,
    sqlite: isBuiltin('node:sqlite') ? ['node:sqlite'] : [],
    postgres: ['pg'],
  },
  BUN,
  {
    name: 'Deno',
    path: programIn('@deno', 'deno'),
    flags: ['run', '--allow-all'],
    hasCommand: false,
    sqlite: ['node:sqlite'],
    postgres: ['pg'],
  },
];

describe.each(RUNTIMES)('$name', (runtime) => {
  const inRuntime = test.skipIf(runtime.path === null);

  inRuntime('keeps locks in files and in SQLite by all rules of the suite', async () => {
    expect(await run(runtime, 'suite', folderOfTest())).toEqual(passed(['file', ...runtime.sqlite]));
  });

  inRuntime('finds a file system safe', async () => {
    expect(await run(runtime, 'verify', folderOfTest())).toBe('safe');
  });

  inRuntime('releases a lock when the process ends', async () => {
    const path = join(folderOfTest(), 'job.lock');
    expect(await run(runtime, 'exit', path)).toBe('held');
    expect(await run(runtime, 'contend', path)).toBe('free');
  });

  for (const other of RUNTIMES) {
    const between = test.skipIf(runtime.path === null || other.path === null);

    between(`holds a lock against ${other.name}, and loses it when it is killed`, async () => {
      const path = join(folderOfTest(), 'job.lock');
      const holder = await hold(runtime, path);
      expect(await run(other, 'contend', path)).toBe('busy');
      holder.kill('SIGKILL');
      await once(holder, 'close');
      expect(await run(other, 'contend', path)).toBe('dead');
    });
  }

  test.skipIf(runtime.path === null || !runtime.hasCommand || !isPosix)('runs a command', async () => {
    const folder = folderOfTest();
    const { path, flags } = runtime;
    const job = '$LIVINGLOCK beat --note half && test -n "$LIVINGLOCK_FENCING_TOKEN" && exit 3';
    const parameters = [...flags, COMMAND, 'run', join(folder, 'job.lock'), '--', 'sh', '-c', job];
    await expect(promisify(execFile)(path ?? '', parameters)).rejects.toMatchObject({ code: 3, stderr: '' });
  });
});

describeWithServer('with PostgreSQL', canServePostgres, startPostgres, (server) => {
  test.skipIf(BUN.path === null)("transactions of Bun's SQL claim fences", async () => {
    expect(await run(BUN, 'fences', server().url)).toEqual({
      state: 'paid',
      isFenced: true,
      outside: 'ERR_FENCE_WITHOUT_TRANSACTION',
    });
  });

  for (const runtime of RUNTIMES) {
    test.skipIf(runtime.path === null)(`${runtime.name} keeps locks by all rules of the suite`, async () => {
      expect(await run(runtime, 'postgres', server().url)).toEqual(passed(runtime.postgres));
    });
  }
});

async function startPostgres() {
  const server = await PostgresServer.start();
  const proxy = await CuttingProxy.start({ path: server.socket });
  return {
    url: server.urlThrough(proxy.port),
    async end() {
      await proxy.end();
      await server.end();
    },
  };
}

/** What the program reports if all rules hold in these stores. */
function passed(stores: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(stores.map((name) => [name, { isTested: true, failures: [] }]));
}

/** From the package for this platform, because npm may not run install scripts. */
function programIn(scope: string, ...names: string[]): string | null {
  const folder = join(PACKAGES, scope);
  const platforms = existsSync(folder) ? readdirSync(folder) : [];
  const programs = platforms.map((platform) => join(folder, platform, ...names) + EXTENSION);
  return programs.find(existing) ?? null;
}

function existing(path: string): string | null {
  return existsSync(path) ? path : null;
}

function folderOfTest(): string {
  const folder = newFolder();
  onTestFinished(() => removeFolder(folder));
  return folder;
}

async function run({ path, flags }: Runtime, task: string, place: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(path ?? '', [...flags, PROGRAM, task, place]);
  return JSON.parse(stdout);
}

/** Resolves once it holds the lock. It ends with the test at the latest. */
async function hold({ path, flags }: Runtime, place: string): Promise<ChildProcessWithoutNullStreams> {
  const holder = spawn(path ?? '', [...flags, PROGRAM, 'hold', place]);
  onTestFinished(() => {
    holder.kill('SIGKILL');
  });
  await once(holder.stdout, 'data');
  return holder;
}
