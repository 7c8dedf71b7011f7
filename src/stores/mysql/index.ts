export type { FencedLock } from '../shared/fenced-lock.js';
export { fence, fenceSchema, type MysqlConnection, type MysqlFenceOptions } from './fence.js';
