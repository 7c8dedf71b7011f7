import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPosix, newFolder, removeFolder } from '../support/machine.js';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** npm may take its time if the packages that ours depends on are not in its cache. */
const LONGEST_INSTALLATION = 180_000;
/** The current size of the package, plus five percent. */
const LARGEST = { size: 980_000, files: 120 };

let folder: string;
let files: readonly string[];

beforeAll(async () => {
  folder = newFolder();
  const consumer = join(folder, 'consumer');
  mkdirSync(consumer);
  // Without the scripts, because a build would pull `dist` away from under the other tests.
  await npm(PROJECT, 'pack', '--ignore-scripts', '--pack-destination', folder);
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  await npm(consumer, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball));
  files = filesBelow(installed());
}, LONGEST_INSTALLATION);

afterAll(() => removeFolder(folder));

describe('the packed package', () => {
  test('has everything that its users need to run and to read', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.ja.md',
        'README.md',
        'dist/THIRD-PARTY.txt',
        'dist/bin/livinglock.cmd',
        'dist/bin/livinglock.js',
        'dist/bin/livinglock.sh',
        'dist/index.d.mts',
        'dist/index.d.ts',
        'dist/index.js',
        'dist/index.mjs',
        'dist/stores/mysql/index.d.ts',
        'dist/stores/mysql/index.js',
        'dist/history/index.d.ts',
        'dist/history/index.js',
        'dist/stores/postgres/index.d.ts',
        'dist/stores/postgres/index.js',
        'dist/stores/redis/index.d.ts',
        'dist/stores/redis/index.js',
        'dist/stores/sqlite/index.d.ts',
        'dist/stores/sqlite/index.js',
        'dist/testing/index.d.ts',
        'dist/testing/index.js',
        'docs/event.schema.json',
        'docs/history.schema.json',
        'docs/status.schema.json',
        'man/livinglock.1',
        'package.json',
      ]),
    );
  });

  test('leaves the pages of the documentation to the repository, except for what programs and the README need', () => {
    expect(files.filter((file) => file.startsWith('docs/'))).toEqual([
      'docs/event.schema.json',
      'docs/history.schema.json',
      'docs/status.schema.json',
      'docs/terminal.svg',
    ]);
  });

  test('installs no other package', () => {
    const modules = readdirSync(join(folder, 'consumer', 'node_modules'));
    expect(modules.filter((name) => !name.startsWith('.'))).toEqual(['livinglock']);
  });

  test('shows function names, and the line that threw, for an uncaught error', async () => {
    const program =
      "import { acquire } from 'livinglock'; await acquire('shown.lock'); await acquire('shown.lock');";
    const { stderr } = await run('shown.mjs', program).catch((error) => error);
    expect(stderr).toMatch(/^\s*throw new (?:\w+\.)?ErrLockBusy\(.{0,100}\);$/m);
    expect(stderr).toMatch(/ at Contender\.acquireNow \(.*livinglock\/dist\/core\.js:\d+:\d+\)/);
    expect(stderr).not.toContain('[as ');
  });

  test(`is below ${LARGEST.size / 1000} KB and ${LARGEST.files} files, so that copies in it, or all of src, are noticed`, () => {
    const size = files.reduce((sum, file) => sum + statSync(join(installed(), file)).size, 0);
    expect(size).toBeLessThan(LARGEST.size);
    expect(files.length).toBeLessThan(LARGEST.files);
  });

  test('has nothing that only its developers need', () => {
    expect(
      files.filter((file) => /test\.|^(?:test|integration|bench|build|node_modules|dist\/cli)\//.test(file)),
    ).toEqual([]);
  });

  test('has the licences of the packages whose code is in it', () => {
    const licences = readFileSync(join(installed(), 'dist', 'THIRD-PARTY.txt'), 'utf8');
    for (const name of [
      'cross-spawn',
      'leven',
      'ms',
      'p-retry',
      'proper-lockfile',
      'string-width',
      'write-file-atomic',
    ])
      expect(licences).toMatch(new RegExp(`^${name} \\d.* \\(`, 'm'));
  });

  test('declares nothing that only its own code may call', () => {
    const declarations = files.filter((file) => file.endsWith('.d.ts'));
    const namesIts = (file: string) =>
      /@internal|releaseForGood|advising/.test(readFileSync(join(installed(), file), 'utf8'));
    expect(declarations).toContain('dist/index.d.ts');
    expect(declarations.filter(namesIts)).toEqual([]);
  });

  test('runs when it is imported', async () => {
    const program = `
      import { Acquire, acquire, ErrLockBusy } from 'livinglock';
      import { FakeClock, FakeProcessTable } from 'livinglock/testing';
      ${JOB}
    `;
    expect(await run('job.mjs', program)).toBe('done busy true true\n');
  });

  test('runs when it is required', async () => {
    const program = `
      const { Acquire, acquire, ErrLockBusy } = require('livinglock');
      const { FakeClock, FakeProcessTable } = require('livinglock/testing');
      (async () => { ${JOB} })();
    `;
    expect(await run('job.cjs', program)).toBe('done busy true true\n');
  });

  test('has the command', async () => {
    const program = join(
      folder,
      'consumer',
      'node_modules',
      '.bin',
      isPosix ? 'livinglock' : 'livinglock.cmd',
    );
    const { stdout } = await promisify(execFile)(
      program,
      ['run', './job.lock', '--', 'node', '-p', '6 * 7'],
      {
        cwd: join(folder, 'consumer'),
        shell: !isPosix,
      },
    );
    expect(stdout).toBe('42\n');
  });

  test.skipIf(!isPosix)('has the launcher that a command calls, and it is executable', async () => {
    const consumer = join(folder, 'consumer');
    const program = join(consumer, 'node_modules', '.bin', 'livinglock');
    const script = 'echo "$LIVINGLOCK"; exec "$LIVINGLOCK" beat';
    const { stdout } = await promisify(execFile)(program, ['run', './job.lock', '--', 'sh', '-c', script], {
      cwd: consumer,
    });
    expect(stdout).toBe(`${join(installed(), 'dist', 'bin', 'livinglock.sh')}\n`);
  });

  test('finds the program of its helper processes', async () => {
    const program = `
      import { verifyFileSystem } from 'livinglock';
      const { figures } = await verifyFileSystem('.', { processes: 2, duration: '300ms' });
      console.log(figures.acquisitions > 0);
    `;
    expect(await run('verify.mjs', program)).toBe('true\n');
  });

  test.each([
    { module: 'nodenext', moduleResolution: 'nodenext', file: 'job.mts' },
    { module: 'nodenext', moduleResolution: 'nodenext', file: 'job.cts' },
    { module: 'esnext', moduleResolution: 'bundler', file: 'job.ts' },
  ])(
    'has types for $file with the module resolution $moduleResolution',
    async ({ file, ...compilerOptions }) => {
      expect(await compile(file, compilerOptions)).toBe('');
    },
  );
});

/** A user's job with the package, however it was imported. */
const JOB = `
  const clock = new FakeClock();
  const dependencies = { clock, processes: new FakeProcessTable(clock) };
  const lock = await acquire('fake.lock', { dependencies });
  const busy = await Acquire('fake.lock', { dependencies }).catch((error) => error);
  await lock.heartBeat({ progress: 0.5 });
  await lock.release();
  const real = await acquire('real.lock');
  await real.release();
  console.log('done', busy instanceof ErrLockBusy ? 'busy' : busy, acquire === Acquire, real.fencingToken > 0);
`;

/** A user's program for the compiler. */
const TYPED_JOB = `
import { acquire, type AcquireOptions, ErrLockBusy, type LockRecord } from 'livinglock';
import { postgresStore } from 'livinglock/postgres';
import { redisStore } from 'livinglock/redis';
import { sqliteStore } from 'livinglock/sqlite';
import { FakeClock, FakeProcess } from 'livinglock/testing';

// None of the drivers is installed, and no type may need one.
export const stores = { postgresStore, redisStore, sqliteStore };

export async function job(chunks: readonly string[]): Promise<LockRecord | null> {
  const options: AcquireOptions = { staleTimeout: '2h', dependencies: { clock: new FakeClock() } };
  try {
    await using lock = await acquire('job.lock', options);
    for (const [index, chunk] of chunks.entries()) {
      await fetch(chunk, { signal: lock.signal });
      await lock.heartBeat({ progress: index / chunks.length, note: chunk });
    }
    return null;
  } catch (error) {
    if (error instanceof ErrLockBusy) return error.holder;
    throw error;
  }
}

// @ts-expect-error: without types, this would be no error.
acquire(42);
// @ts-expect-error: only a FakeProcessTable starts one.
new FakeProcess();
`;

async function run(file: string, program: string): Promise<string> {
  writeFileSync(join(folder, 'consumer', file), program);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: join(folder, 'consumer') });
  return stdout;
}

function installed(): string {
  return join(folder, 'consumer', 'node_modules', 'livinglock');
}

/** The output of this project's compiler for a user's file, including the types of the package. */
async function compile(file: string, compilerOptions: object): Promise<string> {
  const consumer = join(folder, 'consumer');
  const project = `tsconfig.${file}.json`;
  const settings = {
    compilerOptions: {
      ...compilerOptions,
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable'],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(PROJECT, 'node_modules', '@types')],
    },
    files: [file],
  };
  writeFileSync(join(consumer, file), TYPED_JOB);
  writeFileSync(join(consumer, project), JSON.stringify(settings));
  const compiler = join(
    createRequire(import.meta.url).resolve('typescript/package.json'),
    '..',
    'bin',
    'tsc',
  );
  return promisify(execFile)(process.execPath, [compiler, '-p', project], { cwd: consumer }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  );
}

async function npm(cwd: string, ...parameters: string[]): Promise<void> {
  // On Windows npm is a script, which only a shell can run.
  const { CERTIFICATES_FOR_NPM: NODE_EXTRA_CA_CERTS } = process.env;
  await promisify(execFile)('npm', parameters, {
    cwd,
    env: { ...process.env, NODE_EXTRA_CA_CERTS },
    shell: process.platform === 'win32',
  });
}

function filesBelow(top: string): string[] {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(top.length + 1)
        .replaceAll('\\', '/'),
    );
}
