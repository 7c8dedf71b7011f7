export type { Predecessor } from './core/acquire/predecessor.js';
export type { SeenProcess } from './core/assess/examine.js';
export {
  ErrFenced,
  ErrLockBusy,
  ErrLockLost,
  ErrLockStore,
  ErrNotALock,
  ErrTerminationFailed,
  LivingLockError,
} from './core/errors.js';
export { channels, type LockChannel, type LockChannels } from './core/events/channels.js';
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
} from './core/events/events.js';
export type { Lock } from './core/held/lock.js';
export type { HeartBeat } from './core/held/progress.js';
export type { Worker } from './core/held/workers.js';
export type { Inspection } from './core/inspect.js';
export type { Dependencies, DependencyOptions } from './core/options/dependencies.js';
export { type Duration, toDuration } from './core/options/duration.js';
export type { BreakOptions, InspectOptions } from './core/options/inspect-options.js';
export type { AcquireOptions } from './core/options/options.js';
export {
  type ClaimedAt,
  composeRecord,
  type ReleasedAt,
  releasedRecord,
} from './core/record/compose-record.js';
export { type LockRecord, type Progress, parseRecord, serializeRecord } from './core/record/record.js';
export type { Awaitable, Beat, Claim, Outcome, Provenance, Store, Stored } from './core/store.js';
export { acquire, acquire as Acquire, breakLock, inspect } from './stores/default-locks.js';
export { checkLockName } from './stores/shared/lock-name.js';
export { type Attempt, tryWithLock, type Work, withLock } from './stores/with-lock.js';
export { type Clock, type SleepOptions, systemClock } from './system/clock.js';
export type { ProcessIdentity } from './system/processes/process-identity.js';
export type { Liveness, ProcessTable } from './system/processes/process-table.js';
export { systemProcesses } from './system/processes/system.js';
export type { Life, Sign, SignFile } from './system/signs-of-life/sign-of-life.js';
export {
  type ContentionFigures,
  type FileSystemCheck,
  type FileSystemFinding,
  type FileSystemReport,
  type FileSystemVerdict,
  formatFileSystemReport,
} from './verify/file-system-report.js';
export { type VerifyOptions, verifyFileSystem } from './verify/verify-file-system.js';
