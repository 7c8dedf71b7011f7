// What scripts/bundle.js does with the packages that it puts into its bundles.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const LICENCES = 'The files in this folder contain code of the following packages.';

/**
 * Leaves out what proper-lockfile and write-file-atomic load, and do not use as they are used here: in sections that are
 * synchronous, so that no signal and no exit comes in between. signal-exit would listen to all signals for as long as the
 * process lives.
 */
export function leaner() {
  const replacements = new Map([
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

/** The licences of what is in the bundle ask for their text to be passed on with it. */
export function licences() {
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
  if (file === undefined) throw new Error(`There is no licence in ${folder}.`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
}

function manifestIn(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
