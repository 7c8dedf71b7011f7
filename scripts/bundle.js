// Part of npm run build: puts the command into few files, in dist/bin, with all that it needs. cron starts it every minute, and
// to look for a hundred files would take most of the time. As CommonJS, which Node starts faster than modules. The library is
// left as it is.

import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';

const PROJECT = join(import.meta.dirname, '..');
const TARGET = join(PROJECT, 'dist', 'bin');
const LICENCES = 'The files in this folder contain code of the following packages.';

const fileOf = new Map();

const bundle = await rolldown({
  input: {
    livinglock: join(PROJECT, 'src', 'cli', 'livinglock.ts'),
    // What `livinglock verify` starts in processes of its own, beside the file that starts it.
    program: join(PROJECT, 'src', 'verify', 'helper', 'program.ts'),
  },
  platform: 'node',
  // The drivers of databases are the user's.
  external: ['pg', 'redis', 'ioredis'],
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  plugins: [leaner(), together(), licences()],
  onLog(level, log) {
    // Who imports the library only when it is needed gets it in the same chunk as everybody else.
    if (log.code === 'INEFFECTIVE_DYNAMIC_IMPORT') return;
    if (level === 'warn') throw new Error(log.message);
  },
});
await bundle.write({
  dir: TARGET,
  format: 'cjs',
  sourcemap: true,
  // Ours are in the package anyway.
  sourcemapExcludeSources: true,
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  codeSplitting: {
    groups: ['common', 'run'].map((name) => ({ name, test: (id) => fileOf.get(id) === name })),
  },
  cleanDir: true,
});
writeFileSync(join(TARGET, 'package.json'), '{ "type": "commonjs" }\n');
for (const launcher of ['livinglock.sh', 'livinglock.cmd']) {
  copyFileSync(join(PROJECT, 'src', 'cli', 'run', launcher), join(TARGET, launcher));
  chmodSync(join(TARGET, launcher), 0o755);
}

/** Names the file for what is loaded at one time anyway: one file is found sooner than ten. */
function together() {
  return {
    name: 'together',
    buildEnd() {
      const gather = (name, pattern) => {
        const follow = (id) => {
          if (fileOf.has(id)) return;
          fileOf.set(id, name);
          this.getModuleInfo(id)?.importedIds.forEach(follow);
        };
        [...this.getModuleIds()].filter((id) => pattern.test(id)).forEach(follow);
      };
      gather(null, /[\\/]livinglock\.ts$/);
      gather('common', /[\\/](?:(?:run|beat)[\\/]command|holder|lock-path)\.ts$/);
      gather('run', /[\\/]src[\\/](?:index|cli[\\/]run[\\/]run)\.ts$/);
    },
  };
}

/** Leaves out what proper-lockfile loads, and does not use as it is used here. */
function leaner() {
  const replacements = new Map([
    // It is given a file system of our own.
    ['graceful-fs', "module.exports = require('node:fs');"],
    // The version that is there anyway does the same.
    ['signal-exit', "module.exports = require('signal-exit').onExit;"],
  ]);
  const prefix = '\0leaner:';
  return {
    name: 'leaner',
    resolveId(source, importer) {
      const isItsOwn = replacements.has(source) && /[\\/]proper-lockfile[\\/]/.test(importer ?? '');
      return isItsOwn ? `${prefix}${source}` : null;
    },
    load(id) {
      return id.startsWith(prefix) ? replacements.get(id.slice(prefix.length)) : null;
    },
  };
}

/** The licences of what is in the bundle ask for their text to be passed on with it. */
function licences() {
  return {
    name: 'licences',
    generateBundle(_, chunks) {
      const modules = Object.values(chunks).flatMap((chunk) => Object.keys(chunk.modules ?? {}));
      const packages = new Set(modules.filter((id) => id.includes('node_modules')).map(packageOf));
      const source = [...packages].toSorted().map(licenceOf).join('\n\n');
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY.txt', source: `${LICENCES}\n\n${source}\n` });
    },
  };
}

/** The folder of the package that a file belongs to. */
function packageOf(file) {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json')) || !('name' in manifestIn(folder)))
    folder = dirname(folder);
  return folder;
}

function licenceOf(folder) {
  const { name, version, license } = manifestIn(folder);
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`There is no licence in ${relative(PROJECT, folder)}.`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
}

function manifestIn(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
