import { createRequire, isBuiltin } from 'node:module';
import { DatabaseSync } from '@photostructure/sqlite';
import type { SqliteDatabase } from '../../../src/stores/sqlite/index.js';

/** A connection that a test can do anything with. */
export interface Connection extends SqliteDatabase {
  close(): void;
}

/** Where connections come from. */
export interface Driver {
  readonly name: string;
  open(path: string): Connection;
}

/** The one that all versions of Node have. */
export const twin: Driver = { name: '@photostructure/sqlite', open: (path) => new DatabaseSync(path) };

/** With that of Node itself, where it has one. */
export const drivers: readonly Driver[] = isBuiltin('node:sqlite') ? [twin, nodes()] : [twin];

function nodes(): Driver {
  const own: { DatabaseSync: new (path: string) => Connection } = createRequire(import.meta.url)(
    'node:sqlite',
  );
  return { name: 'node:sqlite', open: (path) => new own.DatabaseSync(path) };
}
