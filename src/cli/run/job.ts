import type { Lock } from '../../index.js';
import type { Locks } from '../stores/locks.js';
import type { RunSettings } from './options/run-options.js';
import type { KeptOutput } from './output/kept/kept-output.js';
import type { Signals } from './processes/pass-signals.js';
import type { Recorder } from './recorder.js';
import type { CommandSign } from './sign/command-sign.js';
import type { InheritedSocket } from './sign/inherited-socket.js';

/** What to run, and under which lock. */
export interface Task {
  readonly name: string;
  readonly locks: Locks;
  readonly command: readonly string[];
  readonly options: RunSettings;
  readonly signals: Signals;
  /** Descriptors that this process was given, for the command. */
  readonly descriptors: readonly number[];
  readonly inheritedSocket: InheritedSocket | null;
  readonly commandSign: CommandSign;
  readonly recorder: Recorder;
  /** Gives up this process's own input, once the command has been started for the last time. */
  leaveInput(): void;
}

/** A task whose command may begin. */
export interface Job extends Task {
  /** `null` for a command that runs by force, without the lock. */
  readonly lock: Lock | null;
  /** `null` if all output is passed on at once, and not kept. */
  readonly output: KeptOutput | null;
}
