export type { FencedLock } from '../shared/fence.js';
export type { PostgresConnection } from './connection.js';
export { fence, type PostgresFenceOptions } from './fence.js';
export { fenceSchema, type PostgresFenceSchemaOptions } from './fence-schema.js';
export { type PostgresStoreOptions, postgresStore } from './postgres-store.js';
export type { PostgresResult } from './result.js';
export { type PostgresSchemaOptions, postgresSchema } from './schema.js';
