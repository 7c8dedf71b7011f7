export type { PostgresConnection } from './connection.js';
export { type PostgresStoreOptions, postgresStore } from './postgres-store.js';
export { type PostgresSchemaOptions, postgresSchema } from './schema.js';
