import { createRequire, isBuiltin } from 'node:module';
import { DatabaseSync } from '@photostructure/sqlite';
import type { SqliteDatabase } from '../../../src/stores/sqlite/index.js';

/** A connection with which a test can do anything. */
export interface Connection extends SqliteDatabase {
  close(): void;
}

/** Opens connections. */
export interface Driver {
  readonly name: string;
  open(path: string): Connection;
}

/** The driver that works with all versions of Node. */
export const twin: Driver = { name: '@photostructure/sqlite', open: (path) => new DatabaseSync(path) };

/** Includes Node's own driver, if it has one. */
export const drivers: readonly Driver[] = isBuiltin('node:sqlite') ? [twin, nodes()] : [twin];

function nodes(): Driver {
  const own: { DatabaseSync: new (path: string) => Connection } = createRequire(import.meta.url)(
    'node:sqlite',
  );
  return { name: 'node:sqlite', open: (path) => new own.DatabaseSync(path) };
}
