export type { FencedLock } from '../shared/fence.js';
export type { PostgresConnection, PostgresResult } from './connection.js';
export {
  fence,
  fenceSchema,
  type PostgresFenceOptions,
  type PostgresFenceSchemaOptions,
} from './fence.js';
export { type PostgresStoreOptions, postgresStore } from './postgres-store.js';
export { type PostgresSchemaOptions, postgresSchema } from './schema.js';
