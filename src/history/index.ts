export { ErrHistory } from './errors.js';
export {
  type History,
  type HistoryOptions,
  type ListOptions,
  openHistory,
  type ReadLockOptions,
  type ReadOptions,
} from './history.js';
export type { LockHistory, PastRun, Run, RunOutcome, RunReport, Skips, TakenOver } from './run.js';
