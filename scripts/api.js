// npm run docs:api: writes docs/api.md from the doc comments of everything that the package exports. With --check it writes nothing,
// and fails if the page is not up to date.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageOf } from './api/page.js';
import { readExports } from './api/read-exports.js';
import { SECTIONS } from './api/sections.js';

const PAGE = join(import.meta.dirname, '..', 'docs', 'api.md');
const ENTRIES = {
  livinglock: 'index.ts',
  'livinglock/file': 'stores/file/index.ts',
  'livinglock/sqlite': 'stores/sqlite/index.ts',
  'livinglock/postgres': 'stores/postgres/index.ts',
  'livinglock/redis': 'stores/redis/index.ts',
  'livinglock/mysql': 'stores/mysql/index.ts',
  'livinglock/history': 'history/index.ts',
  'livinglock/testing': 'testing/index.ts',
};

const found = Object.entries(ENTRIES).flatMap(([module, entry]) =>
  [...readExports(entry).values()].map((declaration) => ({ ...declaration, module })),
);
const declarations = new Map(
  found.map((declaration) => {
    const name = headingOf(declaration);
    return [name, { ...declaration, name }];
  }),
);
refuseMissing();
refuseUndocumented();
const page = pageOf(SECTIONS, declarations);
if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, page);
} else if (page !== readFileSync(PAGE, 'utf8')) {
  console.error('docs/api.md is not up to date: npm run docs:api.');
  process.exitCode = 1;
}

/** Where several entry points have a function of that name, its heading says which one it is. */
function headingOf({ name, kind, module }) {
  const isShared = kind === 'function' && found.filter((other) => other.name === name).length > 1;
  return isShared ? `${name} (${module})` : name;
}

/** Every export stands in one section, and every name in a section is exported. */
function refuseMissing() {
  const placed = SECTIONS.flatMap(({ names }) => names);
  const misplaced = [
    ...[...declarations.keys()].filter((name) => !placed.includes(name)),
    ...placed.filter((name, index) => !declarations.has(name) || placed.indexOf(name) !== index),
  ];
  if (misplaced.length === 0) return;
  throw new Error(
    `scripts/api/sections.js must name each export once. Missing, unknown or repeated: ${misplaced.join(', ')}.`,
  );
}

function refuseUndocumented() {
  const undocumented = [...declarations.values()].filter(({ doc }) => doc === '').map(({ name }) => name);
  if (undocumented.length > 0) throw new Error(`Without a doc comment: ${undocumented.join(', ')}.`);
}
