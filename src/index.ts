export type { SeenProcess } from './core/assess/examine.js';
export { channels, type LockChannel, type LockChannels } from './core/channels.js';
export { type ClaimedAt, composeRecord, type ReleasedAt, releasedRecord } from './core/compose-record.js';
export type { Dependencies } from './core/dependencies.js';
export { type Duration, toDuration } from './core/duration.js';
export {
  ErrFenced,
  ErrLockBusy,
  ErrLockLost,
  ErrLockStore,
  ErrNotALock,
  ErrTerminationFailed,
  LivingLockError,
} from './core/errors.js';
export type {
  AcquiredEvent,
  BusyEvent,
  ContentionEvent,
  HeartbeatEvent,
  HolderEvent,
  LockEvent,
  LostEvent,
  ReleasedEvent,
  TakeoverEvent,
  WaitingEvent,
} from './core/events.js';
export type { Inspection } from './core/inspect.js';
export type { BreakOptions, InspectOptions } from './core/inspect-options.js';
export type { Lock } from './core/lock.js';
export type { AcquireOptions } from './core/options.js';
export type { Predecessor } from './core/predecessor.js';
export type { HeartBeat } from './core/progress.js';
export { type LockRecord, type Progress, parseRecord, serializeRecord } from './core/record.js';
export type { Awaitable, Beat, Claim, Outcome, Provenance, Store, Stored } from './core/store.js';
export type { Worker } from './core/workers.js';
export { acquire, acquire as Acquire, breakLock, inspect } from './stores/file-locks.js';
export { checkLockName } from './stores/shared/lock-name.js';
export { type Attempt, tryWithLock, withLock } from './stores/with-lock.js';
export { type Clock, type SleepOptions, systemClock } from './system/clock.js';
export type { Life, Sign, SignFile } from './system/life/life.js';
export type { ProcessIdentity } from './system/processes/process-identity.js';
export type { Liveness, ProcessTable } from './system/processes/process-table.js';
export { systemProcesses } from './system/processes/system.js';
export {
  type ContentionFigures,
  type FileSystemCheck,
  type FileSystemFinding,
  type FileSystemReport,
  type FileSystemVerdict,
  formatFileSystemReport,
} from './verify/file-system-report.js';
export { type VerifyOptions, verifyFileSystem } from './verify/verify-file-system.js';
