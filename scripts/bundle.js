// Part of npm run build: bundles the library and the command into few files, in dist and dist/bin. cron starts them every minute, and
// finding a hundred files would take most of the time. All of it is CommonJS: Node starts it faster than modules, Jest needs it, and a library of
// which a process has one copy knows all of the locks that it holds. For `import`, each entry point has a module that only passes names on.

import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';
import { dts } from 'rolldown-plugin-dts';
import { builtins, embedded, lazily, lazyFile, leaner, licences } from './bundle-plugins.js';

const require = createRequire(import.meta.url);
const PROJECT = join(import.meta.dirname, '..');
const SOURCES = join(PROJECT, 'src');
const DIST = join(PROJECT, 'dist');
const BIN = join(DIST, 'bin');
/** Where `tsc -p tsconfig.build.json` writes all declarations. */
const TYPES = join(PROJECT, 'build', 'types');

/** The entry points of package.json, without extensions. */
const ENTRIES = [
  'index',
  'stores/file/index',
  'stores/sqlite/index',
  'stores/postgres/index',
  'stores/redis/index',
  'stores/mysql/index',
  'history/index',
  'testing/index',
];

/** The command, and the programs that it starts. */
const PROGRAMS = { 'bin/livinglock': 'livinglock.ts', 'bin/keeper-program': 'run/sign/keeper-program.ts' };
/** Its regular expressions take as long to compile as Node takes to start, and most texts that the command prints are in ASCII. */
const LAZY = 'string-width';
const INPUT = Object.fromEntries([
  ...ENTRIES.map((entry) => [entry, join(SOURCES, `${entry}.ts`)]),
  ...Object.entries(PROGRAMS).map(([name, file]) => [name, join(SOURCES, 'cli', file)]),
  [`bin/${LAZY}`, require.resolve(LAZY)],
]);
/** Files of modules that are loaded at the same time; see `grouped`. */
const GROUPS = ['base', 'core', 'file', 'home', 'common', 'run', 'kept', 'history', 'status', 'rows'];

const GLOBALS = 'globals.d.ts';

const COMMON = {
  platform: 'node',
  // Reading a property of a Node module has no other effect.
  treeshake: { propertyReadSideEffects: false },
  // write-file-atomic hashes it for a name; see `leaner`. A user's bundle may have none.
  transform: { define: { __filename: '"livinglock"' } },
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
const PLUGINS = [lazily('write-file-atomic', 'sync'), leaner(SOURCES), builtins()];
/** The drivers of databases belong to the user. */
const DRIVERS = ['pg', 'redis', 'ioredis'];
/** `verifyFileSystem` starts this in processes of its own. */
const HELPER = join(SOURCES, 'verify', 'helper', 'program.ts');
const HELPER_TEXT = 'verify-helper.js';

rmSync(DIST, { recursive: true, force: true });
await bundleHelper();
await bundleProgram();
writeFileSync(join(DIST, 'package.json'), '{ "type": "commonjs" }\n');
for (const launcher of ['livinglock.sh', 'livinglock.cmd']) {
  copyFileSync(join(SOURCES, 'cli', 'run', 'start', launcher), join(BIN, launcher));
  chmodSync(join(BIN, launcher), 0o755);
}
copyFileSync(join(import.meta.dirname, GLOBALS), join(DIST, GLOBALS));
for (const entry of ENTRIES) writeModule(entry);
await bundleTypes();

/** As text: where a user has bundled the library there is no file that another process could run. */
async function bundleHelper() {
  const bundle = await rolldown({ ...COMMON, input: HELPER, plugins: PLUGINS });
  const { output } = await bundle.generate({
    format: 'cjs',
    minify: true,
    comments: false,
    codeSplitting: false,
  });
  // It contains most of the library once more: a tenth of the package if it were not compressed.
  const packed = JSON.stringify(brotliCompressSync(output[0].code).toString('base64'));
  const unpack = "process.getBuiltinModule('node:zlib').brotliDecompressSync";
  mkdirSync(DIST, { recursive: true });
  writeFileSync(
    join(DIST, HELPER_TEXT),
    `exports.PROGRAM_TEXT = ${unpack}(Buffer.from(${packed}, 'base64')).toString();\n`,
  );
}

async function bundleProgram() {
  const groups = new Map();
  const plugins = [lazyFile(LAZY), ...PLUGINS, embedded(`./${HELPER_TEXT}`), licences(), grouped(groups)];
  const bundle = await rolldown({ ...COMMON, input: INPUT, external: DRIVERS, plugins });
  const { output } = await bundle.write({
    dir: DIST,
    format: 'cjs',
    minify: READABLE,
    minifyInternalExports: false,
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: ({ moduleIds }) => (moduleIds.some(isOfCommand) ? 'bin/[name].js' : '[name].js'),
    codeSplitting: {
      groups: GROUPS.map((name) => ({
        name,
        test: (id) => groups.get(id) === name || (name === 'base' && isRuntime(id)),
      })),
    },
  });
  for (const { fileName } of output) if (fileName.endsWith('.js')) removeLayout(join(DIST, fileName));
}

/** Indentation and the names of source files would be 4 % of the package. Lines stay, so that stack traces show them. */
function removeLayout(file) {
  const text = readFileSync(file, 'utf8');
  const flat = text.replaceAll(/^\/\/ (?:src|node_modules)\/.*\n/gm, '').replaceAll(/^\t+/gm, '');
  const [before, after] = [text, flat].map((each) => templatesIn(each).join('\0'));
  if (before !== after)
    throw new Error(`${file}: a line of a template begins like what is removed, and must stay.`);
  writeFileSync(file, flat);
}

/** The only places where the beginning of a line means something. */
function templatesIn(text) {
  const templates = [];
  JSON.stringify(parseAst(text), (_, node) => {
    if (node?.type === 'TemplateElement') templates.push(node.value.raw);
    return typeof node === 'bigint' ? null : node;
  });
  return templates;
}

/** Added by rolldown itself. */
function isRuntime(id) {
  return id.includes('rolldown/runtime');
}

function isOfCommand(id) {
  return /[\\/]src[\\/](?:cli|schedule)[\\/]/.test(id);
}

/**
 * Finds out what goes into one file, because one is found faster than ten: what is loaded at the same time anyway. `base` is what the file store needs
 * of the core, and so all that a heartbeat of the command loads of it.
 */
function grouped(groups) {
  return {
    name: 'grouped',
    buildEnd() {
      const ids = [...this.getModuleIds()];
      const reachable = (pattern) => {
        const reached = new Set();
        const follow = (id) => {
          if (reached.has(id)) return;
          reached.add(id);
          this.getModuleInfo(id)?.importedIds.forEach(follow);
        };
        ids.filter((id) => pattern.test(id)).forEach(follow);
        return reached;
      };
      const core = reachable(/[\\/]src[\\/]index\.ts$/);
      const file = reachable(/[\\/]src[\\/]stores[\\/]file[\\/]index\.ts$/);
      const common = reachable(
        /[\\/]cli[\\/](?:main|beat|run[\\/]command|.*[\\/](?:holder-line|named-locks|names))\.ts$/,
      );
      const stores = reachable(/[\\/]src[\\/]stores[\\/](?:postgres|redis|sqlite)[\\/]index\.ts$/);
      const history = reachable(/[\\/]src[\\/]history[\\/]index\.ts$/);
      const kept = reachable(/[\\/]cli[\\/]run[\\/]output[\\/]kept[\\/]kept-output\.ts$/);
      const verification = reachable(/[\\/]src[\\/]verify[\\/]verification\.ts$/);
      put(
        'base',
        [...core, ...stores].filter((id) => file.has(id) || common.has(id) || verification.has(id)),
      );
      put('core', core);
      put('file', file);
      // Where the user's folders are. Or the library would need a file of the command to find the history.
      put(
        'home',
        [...history].filter((id) => common.has(id) || kept.has(id)),
      );
      put('common', common);
      put('run', reachable(/[\\/]cli[\\/]run[\\/]run\.ts$/));
      put('kept', kept);
      put('history', history);
      put(
        'status',
        reachable(
          /[\\/](?:cli[\\/](?:status[\\/][\w-]+|stores[\\/](?:driver|locks)|break|wait)|files[\\/]open-to-read)\.ts$/,
        ),
      );
      put('rows', reachable(/[\\/]stores[\\/]shared[\\/][\w-]+\.ts$/));
    },
  };

  function put(name, ids) {
    for (const id of ids) if (!groups.has(id)) groups.set(id, name);
  }
}

/** For `import`. Names are listed, because not every tool finds out which ones a CommonJS file exports. */
function writeModule(entry) {
  const file = join(DIST, `${entry}.js`);
  const names = Object.keys(require(file)).toSorted();
  const from = `'./${basename(file)}'`;
  writeFileSync(join(DIST, `${entry}.mjs`), `export { ${names.join(', ')} } from ${from};\n`);
  writeFileSync(join(DIST, `${entry}.d.mts`), `export * from ${from};\n`);
}

/** The declarations that tsc has written, in few files as well. */
async function bundleTypes() {
  const input = Object.fromEntries(ENTRIES.map((entry) => [entry, join(TYPES, `${entry}.d.ts`)]));
  const bundle = await rolldown({
    input,
    external: /^node:/,
    plugins: [dts({ dtsInput: true, sourcemap: false })],
  });
  await bundle.write({
    dir: DIST,
    format: 'esm',
    chunkFileNames: '[name].ts',
    banner: ({ fileName }) => referenceFrom(fileName),
  });
}

/** Not every project has types for the names in that file, which come with those of Node. */
function referenceFrom(file) {
  return `/// <reference path="${relative(dirname(file), GLOBALS).replaceAll('\\', '/')}" />`;
}
