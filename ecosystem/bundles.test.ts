import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import esbuild from 'esbuild';
import { rolldown } from 'rolldown';
import { rollup } from 'rollup';
import { build as vite } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import webpack from 'webpack';
import { newFolder, removeFolder } from '../support/machine.js';

const require = createRequire(import.meta.url);
const commonjs = require('@rollup/plugin-commonjs');
const MODULE = join(import.meta.dirname, 'support', 'job.mjs');
const COMMONJS = join(import.meta.dirname, 'support', 'job.cjs');
/** What makes `require` work in a module of esbuild: some projects need it, for other packages. */
const BANNER = {
  js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
};

let folder: string;

beforeAll(() => {
  folder = newFolder();
});

afterAll(() => removeFolder(folder));

/** Each writes one file to that path. Nothing but Node's own modules is left outside of it. */
const BUNDLERS: Record<string, { readonly extension: string; bundle(file: string): Promise<unknown> }> = {
  'esbuild, a module': { extension: 'mjs', bundle: (outfile) => byEsbuild({ outfile, format: 'esm' }) },
  'esbuild, a module with a banner': {
    extension: 'mjs',
    bundle: (outfile) => byEsbuild({ outfile, format: 'esm', banner: BANNER }),
  },
  'esbuild, a minified module': {
    extension: 'mjs',
    bundle: (outfile) => byEsbuild({ outfile, format: 'esm', minify: true }),
  },
  'esbuild, CommonJS': {
    extension: 'cjs',
    bundle: (outfile) => byEsbuild({ outfile, format: 'cjs', entryPoints: [COMMONJS] }),
  },
  rollup: {
    extension: 'mjs',
    async bundle(file) {
      const built = await rollup({
        input: MODULE,
        plugins: [nodeResolve({ preferBuiltins: true }), commonjs()],
        onwarn: refuse,
      });
      return built.write({ file, format: 'es', inlineDynamicImports: true });
    },
  },
  rolldown: {
    extension: 'mjs',
    async bundle(file) {
      const built = await rolldown({ input: MODULE, platform: 'node' });
      return built.write({ file, format: 'esm', codeSplitting: false });
    },
  },
  'webpack, a module': {
    extension: 'mjs',
    bundle: (file) =>
      byWebpack({ entry: MODULE, experiments: { outputModule: true }, output: { module: true } }, file),
  },
  'webpack, CommonJS': { extension: 'cjs', bundle: (file) => byWebpack({ entry: COMMONJS }, file) },
  'ncc, a module': { extension: 'mjs', bundle: (file) => byNcc(MODULE, file) },
  'ncc, CommonJS': { extension: 'cjs', bundle: (file) => byNcc(COMMONJS, file) },
  'Vite for a server': {
    extension: 'mjs',
    bundle: (file) =>
      vite({
        root: import.meta.dirname,
        configFile: false,
        logLevel: 'error',
        ssr: { noExternal: true },
        build: {
          ssr: MODULE,
          outDir: folder,
          emptyOutDir: false,
          rolldownOptions: { output: { entryFileNames: file.slice(folder.length + 1) } },
        },
      }),
  },
};

test.each(Object.entries(BUNDLERS))('%s: the job works', async (name, { extension, bundle }) => {
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.${extension}`);
  await bundle(file);
  // In a folder of its own, where no package is installed.
  const cwd = newFolder();
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd });
    expect(JSON.parse(stdout)).toEqual({
      state: 'live',
      note: 'written',
      isBusy: true,
      verdict: 'safe',
      redis: 'function',
    });
  } finally {
    removeFolder(cwd);
  }
});

test('a job with its locks in a database loads nothing of files', async () => {
  const program = `
    import { tryWithLock } from 'livinglock';
    import { postgresStore } from 'livinglock/postgres';
    import { PGlite } from '@electric-sql/pglite';
    import { createRequire } from 'node:module';
    await tryWithLock('job', { store: postgresStore(new PGlite()) }, (lock) => lock.heartBeat());
    const files = Object.keys(createRequire('${import.meta.filename}').cache);
    console.log(JSON.stringify(files.map((name) => name.replace(/.*[\\\\/]/, ''))));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
  });
  expect(JSON.parse(stdout)).toContain('core.js');
  expect(JSON.parse(stdout)).not.toContain('file.js');
});

function byEsbuild(options: esbuild.BuildOptions): Promise<unknown> {
  return esbuild.build({
    entryPoints: [MODULE],
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
    ...options,
  });
}

function byWebpack({ output, ...options }: webpack.Configuration, file: string): Promise<void> {
  const filename = file.slice(folder.length + 1);
  return new Promise((resolve, reject) => {
    webpack(
      { mode: 'production', target: 'node20', output: { ...output, path: folder, filename }, ...options },
      (error, stats) => {
        if (error !== null) reject(error);
        else if (stats?.hasErrors() || stats?.hasWarnings()) reject(new Error(stats.toString()));
        else resolve();
      },
    );
  });
}

async function byNcc(entry: string, file: string): Promise<void> {
  const ncc = require('@vercel/ncc');
  const { code, assets } = await ncc(entry, { cache: false, quiet: true });
  // The whole package would be an asset of a file that it cannot resolve.
  expect(Object.keys(assets).filter((name) => name !== 'package.json')).toEqual([]);
  writeFileSync(file, code);
}

function refuse({ message }: { readonly message: string }): void {
  throw new Error(message);
}
