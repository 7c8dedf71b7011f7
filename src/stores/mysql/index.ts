export type { FencedLock } from '../shared/fence.js';
export { fence, fenceSchema, type MysqlConnection, type MysqlFenceOptions } from './fence.js';
