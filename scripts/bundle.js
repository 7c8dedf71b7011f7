// Part of npm run build: bundles the library and the command into few files, in dist and dist/bin. cron starts them every minute, and
// finding a hundred files would take most of the time. The command is CommonJS, which Node starts faster than modules.

import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { builtins, lazily, leaner, licences } from './bundle-plugins.js';

const PROJECT = join(import.meta.dirname, '..');
const SOURCES = join(PROJECT, 'src');
const DIST = join(PROJECT, 'dist');
const BIN = join(DIST, 'bin');
/** Where `tsc -p tsconfig.build.json` writes all declarations. */
const TYPES = join(PROJECT, 'build', 'types');

/** The entry points of package.json, without extensions. */
const ENTRIES = [
  'index',
  'stores/sqlite/index',
  'stores/postgres/index',
  'stores/redis/index',
  'testing/index',
];

const COMMON = {
  platform: 'node',
  // Reading a property of a Node module has no other effect.
  treeshake: { propertyReadSideEffects: false },
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  onLog(level, log) {
    // A program that imports the library lazily gets the same chunk as everybody else.
    if (log.code === 'INEFFECTIVE_DYNAMIC_IMPORT') return;
    if (level === 'warn') throw new Error(log.message);
  },
};
/**
 * Lines and the names of functions are kept: there are no source maps, and an uncaught error shows the line that threw it. Local names are short,
 * because Node reads the whole text at each start.
 */
const READABLE = { compress: true, mangle: { toplevel: false, keepNames: true }, codegen: false };
const PLUGINS = [lazily('write-file-atomic', 'sync'), leaner(SOURCES), builtins(), licences()];
/** The drivers of databases belong to the user. */
const DRIVERS = ['pg', 'redis', 'ioredis'];
/** `verifyFileSystem` starts this in processes of its own, from beside the file that starts it. */
const HELPER = join(SOURCES, 'verify', 'helper', 'program.ts');
/** `livinglock run` starts this one. */
const KEEPER = join(SOURCES, 'cli', 'run', 'keeper-program.ts');

rmSync(DIST, { recursive: true, force: true });
await bundleLibrary();
await bundleCommand();
for (const entry of ENTRIES) copyTypes(`${entry}.d.ts`);

async function bundleLibrary() {
  const fileOf = new Map();
  const bundle = await rolldown({
    ...COMMON,
    input: {
      ...Object.fromEntries(ENTRIES.map((entry) => [entry, join(SOURCES, `${entry}.ts`)])),
      program: HELPER,
    },
    external: DRIVERS,
    // write-file-atomic derives names from it that no other copy derives. Modules have none.
    transform: { define: { __filename: 'import.meta.url' } },
    plugins: [...PLUGINS, together(fileOf, [['core', /[\\/]src[\\/]index\.ts$/]])],
  });
  await bundle.write({ ...outputTo(DIST, fileOf, ['core']), format: 'esm' });
}

async function bundleCommand() {
  const fileOf = new Map();
  const groups = [
    [null, /[\\/]livinglock\.ts$/],
    ['common', /[\\/](?:(?:run|beat)[\\/]command|holder|lock-path)\.ts$/],
    ['run', /[\\/]src[\\/](?:index|cli[\\/]run[\\/]run)\.ts$/],
  ];
  const bundle = await rolldown({
    ...COMMON,
    input: { livinglock: join(SOURCES, 'cli', 'livinglock.ts'), program: HELPER, 'keeper-program': KEEPER },
    external: DRIVERS,
    plugins: [...PLUGINS, together(fileOf, groups)],
  });
  await bundle.write({ ...outputTo(BIN, fileOf, ['common', 'run']), format: 'cjs' });
  writeFileSync(join(BIN, 'package.json'), '{ "type": "commonjs" }\n');
  for (const launcher of ['livinglock.sh', 'livinglock.cmd']) {
    copyFileSync(join(SOURCES, 'cli', 'run', launcher), join(BIN, launcher));
    chmodSync(join(BIN, launcher), 0o755);
  }
}

function outputTo(dir, fileOf, names) {
  return {
    dir,
    minify: READABLE,
    minifyInternalExports: false,
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    codeSplitting: {
      groups: names.map((name) => ({
        name,
        test: (id) => fileOf.get(id) === name || (name === names[0] && isRuntime(id)),
      })),
    },
  };
}

/** Added by rolldown itself. */
function isRuntime(id) {
  return id.includes('rolldown/runtime');
}

/** One file for everything that is loaded at the same time anyway: one file is found faster than ten. */
function together(fileOf, groups) {
  return {
    name: 'together',
    buildEnd() {
      for (const [name, pattern] of groups) {
        const follow = (id) => {
          if (fileOf.has(id)) return;
          fileOf.set(id, name);
          this.getModuleInfo(id)?.importedIds.forEach(follow);
        };
        [...this.getModuleIds()].filter((id) => pattern.test(id)).forEach(follow);
      }
    },
  };
}

/** Copies a declaration file, and those that it imports. */
function copyTypes(file, copied = new Set()) {
  if (copied.has(file)) return;
  copied.add(file);
  const text = readFileSync(join(TYPES, file), 'utf8');
  mkdirSync(join(DIST, dirname(file)), { recursive: true });
  writeFileSync(join(DIST, file), text);
  for (const [, path] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)\.js'/g))
    copyTypes(join(dirname(file), `${path}.d.ts`), copied);
}
