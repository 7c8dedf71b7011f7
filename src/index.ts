export { acquire, acquire as Acquire, withLock } from './acquire.js';
export { type Clock, type SleepOptions, systemClock } from './clock.js';
export type { Dependencies } from './dependencies.js';
export {
  ErrLockBusy,
  ErrLockLost,
  ErrLockStore,
  ErrNotALock,
  ErrTerminationFailed,
  LivingLockError,
} from './errors.js';
export type { SeenProcess } from './examine.js';
export { breakLock, type Inspection, inspect } from './inspect.js';
export type { BreakOptions, InspectOptions } from './inspect-options.js';
export type { HeartBeat, Lock, Worker } from './lock.js';
export type { AcquireOptions, Duration } from './options.js';
export type { Liveness, ProcessTable } from './processes/process-table.js';
export { systemProcesses } from './processes/system.js';
export {
  type LockRecord,
  type ProcessIdentity,
  type Progress,
  parseRecord,
  serializeRecord,
} from './record.js';
export { type ClaimedAt, composeRecord, type ReleasedAt, releasedRecord } from './stores/compose-record.js';
export { type FileStoreOptions, fileStore } from './stores/file/file-store.js';
export type { FileStatus, FileSystem, OpenFolder } from './stores/file/file-system.js';
export { systemFileSystem } from './stores/file/file-system.js';
export { checkLockName } from './stores/lock-name.js';
export type { Awaitable, Beat, Claim, Outcome, Provenance, Store, Stored } from './stores/store.js';
export { formatFileSystemReport } from './verify/format.js';
export type { VerifyOptions } from './verify/options.js';
export type {
  ContentionFigures,
  FileSystemCheck,
  FileSystemFinding,
  FileSystemReport,
  FileSystemVerdict,
} from './verify/report.js';
export { verifyFileSystem } from './verify/verify-file-system.js';
