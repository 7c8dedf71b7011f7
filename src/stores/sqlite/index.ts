export type { FencedLock } from '../shared/fence.js';
export type { SqliteDatabase, SqliteStatement } from './database.js';
export { fence, fenceSchema, type SqliteFenceOptions, type SqliteFenceSchemaOptions } from './fence.js';
export { type SqliteSchemaOptions, sqliteSchema } from './schema.js';
export { type SqliteStoreOptions, sqliteStore } from './sqlite-store.js';
