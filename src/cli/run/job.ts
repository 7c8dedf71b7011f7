import type { Lock } from '../../index.js';
import type { Locks } from '../stores/locks.js';
import type { Cover } from './cover.js';
import type { InheritedSocket } from './inherited-socket.js';
import type { KeptOutput } from './kept/kept-output.js';
import type { RunOptions } from './options.js';
import type { Recorder } from './recorder.js';
import type { Signals } from './signals.js';

/** What to run, and under which lock. */
export interface Task {
  readonly name: string;
  readonly locks: Locks;
  readonly command: readonly string[];
  readonly options: RunOptions;
  readonly signals: Signals;
  /** Descriptors that this process was given, for the command. */
  readonly descriptors: readonly number[];
  readonly inheritedSocket: InheritedSocket | null;
  readonly cover: Cover;
  readonly recorder: Recorder;
}

/** A task whose command may begin. */
export interface Job extends Task {
  /** `null` for a command that runs by force, without the lock. */
  readonly lock: Lock | null;
  /** `null` if all output is passed on as it comes, and not kept. */
  readonly output: KeptOutput | null;
}
