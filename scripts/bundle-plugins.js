// How scripts/bundle.js treats the packages that it bundles.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Modules of Node that take milliseconds to load, and that a plain acquire does not need. Only functions and classes are imported from them. */
const HEAVY = new Set(['node:child_process', 'node:crypto', 'node:net', 'node:tty', 'node:worker_threads']);

/** A hash with a different value each time. */
const RANDOM_HASH = `exports.createHash = () => ({
  update() { return this; },
  digest: () => Buffer.from(randomUuid().slice(0, 8), 'hex'),
});`;

const LICENCES = 'The files in this folder contain code of the following packages.';

/**
 * Leaves out what proper-lockfile and write-file-atomic load but do not need here: they are used in synchronous
 * sections, where no signal and no exit can come in between. signal-exit would listen to all signals for as long as the
 * process lives.
 */
export function leaner(sources) {
  const ours = (name) => `require(${JSON.stringify(join(sources, name))})`;
  const replacements = new Map([
    // write-file-atomic hashes a value that is different for each call, to name a file. Both modules take milliseconds to load.
    ['node:crypto', `const { randomUuid } = ${ours('system/uuid.ts')}; ${RANDOM_HASH}`],
    ['worker_threads', `module.exports = ${ours('system/thread.ts')};`],
    // proper-lockfile is given a file system of our own.
    ['graceful-fs', "module.exports = require('node:fs');"],
    ['signal-exit', 'module.exports = () => () => {}; module.exports.onExit = module.exports;'],
  ]);
  const prefix = '\0leaner:';
  return {
    name: 'leaner',
    resolveId(source, importer) {
      const isTheirs = /[\\/](?:proper-lockfile|write-file-atomic)[\\/]/.test(importer ?? '');
      return isTheirs && replacements.has(source) ? `${prefix}${source}` : null;
    },
    load(id) {
      return id.startsWith(prefix) ? replacements.get(id.slice(prefix.length)) : null;
    },
  };
}

/**
 * Takes Node's own modules from `process.getBuiltinModule`. An import of `node:fs` would read all of its properties, and so load the
 * streams; and a heavy module is loaded only when one of its functions is called.
 */
export function builtins() {
  const prefix = '\0builtin:';
  return {
    name: 'builtins',
    resolveId(source, importer) {
      if (!isBuiltin(source)) return null;
      // Modules of rolldown's own that are not used.
      if (importer?.includes('rolldown/runtime'))
        return { id: source, external: true, moduleSideEffects: false };
      const kind = importer?.endsWith('.ts') ? 'module' : 'commonjs';
      return `${prefix}${kind}:node:${source.replace(/^node:/, '')}`;
    },
    load(id) {
      if (!id.startsWith(prefix)) return null;
      const [, kind, name] = /^\0builtin:(\w+):(.*)$/.exec(id) ?? [];
      if (kind === 'commonjs') return `module.exports = process.getBuiltinModule('${name}');`;
      return { code: HEAVY.has(name) ? lazyModule(name) : moduleOf(name), moduleSideEffects: false };
    },
  };
}

function moduleOf(name) {
  const exports = namesIn(name).map((each) => `export const ${each} = builtin.${each};`);
  return [`const builtin = process.getBuiltinModule('${name}');`, 'export default builtin;', ...exports].join(
    '\n',
  );
}

function lazyModule(name) {
  return namesIn(name)
    .map((each) => {
      const real = `process.getBuiltinModule('${name}').${each}`;
      return `export function ${each}(...args) { return new.target ? new ${real}(...args) : ${real}(...args); }`;
    })
    .join('\n');
}

/** The exports of a module, except for those that load something when they are read. */
function namesIn(name) {
  return Object.entries(Object.getOwnPropertyDescriptors(require(name)))
    .filter(([each, { get }]) => get === undefined && /^[a-z]\w*$/i.test(each) && each !== 'default')
    .map(([each]) => each);
}

/** Loads a CommonJS package, of which one function is used, at the first call of that function. */
export function lazily(name, method) {
  const id = `\0lazily:${name}`;
  return {
    name: 'lazily',
    resolveId(source, importer) {
      return source === name && importer?.endsWith('.ts') ? id : null;
    },
    load(loaded) {
      if (loaded !== id) return null;
      return `exports.${method} = (...args) => require(${JSON.stringify(require.resolve(name))}).${method}(...args);`;
    },
  };
}

/** Loads a package that exports one function from a file beside the one that needs it, at the first call of that function. */
export function lazyFile(name) {
  const id = `\0lazy-file:${name}`;
  const file = `./${name}.js`;
  return {
    name: 'lazy-file',
    resolveId(source, importer) {
      if (source === file) return { id: file, external: 'absolute' };
      return source === name && importer?.endsWith('.ts') ? id : null;
    },
    load(loaded) {
      if (loaded !== id) return null;
      return `module.exports = (...args) => require(${JSON.stringify(file)})(...args);`;
    },
  };
}

/** Takes the text of the program that `verifyFileSystem` starts from a file of its own. */
export function embedded(file) {
  return {
    name: 'embedded',
    resolveId: (source) => (source === './program-text.js' ? { id: file, external: 'absolute' } : null),
  };
}

/** The licences of the bundled packages require their text to be passed on. */
export function licences() {
  return {
    name: 'licences',
    generateBundle(_, chunks) {
      const modules = Object.values(chunks).flatMap((chunk) => Object.keys(chunk.modules ?? {}));
      const packages = new Set(modules.filter((id) => id.includes('node_modules')).map(packageOf));
      const titles = new Map();
      for (const folder of [...packages].toSorted()) {
        const text = licenceOf(folder);
        titles.set(text, [...(titles.get(text) ?? []), titleOf(folder)]);
      }
      const source = [...titles].map(([text, names]) => `${names.join('\n')}\n\n${text}`).join('\n\n');
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

function titleOf(folder) {
  const { name, version, license } = manifestIn(folder);
  return `${name} ${version} (${license})`;
}

/** Many packages of one author have the same text. */
function licenceOf(folder) {
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`There is no licence in ${folder}.`);
  return readFileSync(join(folder, file), 'utf8').trim();
}

function manifestIn(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
