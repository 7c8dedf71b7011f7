export type { SqliteDatabase, SqliteStatement } from './database.js';
export { type SqliteSchemaOptions, sqliteSchema } from './schema.js';
export { type SqliteStoreOptions, sqliteStore } from './sqlite-store.js';
