import { access } from 'node:fs';
import { type Lock, systemClock } from '../../index.js';
import { checkLockName } from '../../stores/shared/lock-name.js';
import { attempt } from '../../system/attempt.js';
import { randomUuid } from '../../system/uuid.js';
import { isRecorded } from '../history/is-recorded.js';
import { lockPath } from '../named-locks/named-locks.js';
import { type Locks, sayWhichAreMeant, withLocks } from '../stores/locks.js';
import { placeOf } from '../stores/store-option.js';
import { say, sayTakesThread, speakOf } from '../terminal/messages.js';
import { takesThread } from '../terminal/write-all.js';
import { acquireOrYield } from './acquire-or-yield.js';
import { NOT_STARTED } from './exit-status.js';
import type { Job, Task } from './job.js';
import { isOutputKept, loadAll, loadKeptOutput } from './load-later.js';
import { type RunSettings, STALL_UNSEEN } from './options/run-options.js';
import { shownCommand } from './options/wrapped-command.js';
import type { KeptOutput } from './output/kept/kept-output.js';
import { Signals } from './processes/pass-signals.js';
import { refuseOwnProof } from './proof/proof-checks.js';
import { hasAudience, type RecordedRun, Recorder } from './recorder.js';
import { pauseAtRandom } from './retry.js';
import { CommandSign } from './sign/command-sign.js';
import { makeInheritedSocket } from './sign/inherited-socket.js';
import { givenDescriptors } from './start/descriptors.js';
import { expectProgram } from './start/find-program.js';
import { missingVariables } from './start/given-environment.js';
import { leaveInput } from './start/leave-input.js';
import { expectUtf8Arguments, variablesNotUtf8 } from './start/not-utf8.js';
import { Supervision } from './supervision.js';

/** A task before this process listens to signals. */
type Plan = Omit<Task, 'signals' | 'inheritedSocket'>;

/**
 * Runs a command while holding a lock. Returns the exit code.
 *
 * @param given What this process was given for the command. Must be found out before it opens descriptors of its own.
 */
export async function run(
  lock: string,
  command: readonly string[],
  options: RunSettings,
  given: Pick<Task, 'descriptors' | 'leaveInput'> = { descriptors: givenDescriptors(), leaveInput },
): Promise<number> {
  speakOf({ job: options.label ?? lock, lock: null });
  const { descriptors } = given;
  const isInHistory = isRecorded(lock, options);
  const recorderOf = (name: string, locks: RecordedRun['locks']) =>
    new Recorder({
      name,
      locks,
      command: shownCommand(command, options),
      options,
      isRecorded: isInHistory,
      descriptors,
    });
  let isOpen = false;
  try {
    expectProgram(command[0] ?? '');
    expectUtf8Arguments();
    const commandSign = new CommandSign();
    const use = (locks: Locks) => {
      isOpen = true;
      const name = locks.nameOf(lock);
      const recorder = recorderOf(name, locks);
      return prepareRun(lock, { name, command, options, ...given, commandSign, locks, recorder });
    };
    return await withLocks(options.store, use, true, commandSign.life);
  } catch (error) {
    if (isOpen || !(isInHistory || hasAudience(options))) throw error;
    const { store } = options;
    // There is nothing to tell of what cannot be a lock.
    const recorder = attempt(
      () =>
        store === undefined
          ? recorderOf(lockPath(lock, true), { store: null, database: null })
          : recorderOf(checkLockName(lock), { store: null, database: placeOf(store) }),
      null,
    );
    if (recorder === null) throw error;
    return listening(options, recorder, () => giveUp(error, recorder));
  }
}

/** Receives the signals meanwhile, and until everybody has been told about the run. */
async function listening(
  { ignoreHangup }: RunSettings,
  recorder: Recorder,
  work: (signals: Signals) => Promise<number>,
): Promise<number> {
  const signals = new Signals(ignoreHangup);
  try {
    return await work(signals);
  } finally {
    await recorder.announced(signals);
    signals.stopListening();
  }
}

async function giveUp(error: unknown, recorder: Recorder): Promise<never> {
  await recorder.failed(error, NOT_STARTED);
  throw error;
}

function sayHints(isStallUnseen: boolean): void {
  if (isStallUnseen) say(STALL_UNSEEN);
  const missing = missingVariables();
  if (missing.length > 0) {
    say(
      `${missing.join(', ')}: Node drops variables whose names are numbers, so the command does not get them. Set them in a script that the command runs.`,
    );
  }
  const names = variablesNotUtf8();
  if (names.length > 0) {
    say(
      `${names.join(', ')}: not valid UTF-8, so the command gets a different value. Set it in a script that the command runs.`,
    );
  }
}

async function prepareRun(called: string, plan: Plan): Promise<number> {
  const { name, locks, options, commandSign, recorder } = plan;
  refuseOwnProof(options.proof, locks.fileOf(name));
  if (options.label === undefined) speakOf({ job: called, lock: name });
  if (!options.quiet) sayWhichAreMeant([called], locks);
  if (needsThreads(options)) await startThreads();
  return listening(options, recorder, async (signals) => {
    const inheritedSocket = await makeInheritedSocket();
    try {
      return await runTask({ ...plan, signals, inheritedSocket });
    } finally {
      inheritedSocket?.close();
      await commandSign.end();
    }
  });
}

async function runTask(task: Task): Promise<number> {
  const { options, recorder, signals } = task;
  if (options.jitter > 0) await loadAll(task);
  await pauseAtRandom(options, signals);
  // The random pause is not part of a run, even if it never gets the lock.
  recorder.begin(null);
  const admission = await acquireOrYield(task).catch((error) => giveUp(error, recorder));
  if (admission.is === 'over') {
    const { received: signal } = signals;
    if (signal !== null) await recorder.ended({ ...NOT_STARTED, signal }, admission.status);
    return admission.status;
  }
  const { lock } = admission;
  recorder.begin(lock);
  if (!options.quiet) sayHints(options.isStallUnseen);
  const output = await keptOutput(task, lock);
  recorder.keepsOutput(output);
  return supervise({ ...task, lock, output });
}

async function supervise(job: Job): Promise<number> {
  const { command, options, signals, recorder, output } = job;
  const supervision = new Supervision(job);
  // Each message begins with the label.
  const subject = options.label === undefined ? shownCommand(command, options) : 'The command';
  /** Shows what was held back of the output, and closes its log. */
  const complete = async (status: number | null) =>
    output?.complete(patience(options, signals), subject, supervision.end, status);
  try {
    const status = await supervision.toTheEnd();
    await recorder.ended(supervision.end, status);
    await complete(status);
    return status;
  } catch (error) {
    await recorder.failed(error, supervision.end);
    await complete(null);
    throw error;
  }
}

function needsThreads(options: RunSettings): boolean {
  const passesOn = options.proof.by === 'output' && (takesThread(1) || takesThread(2));
  return passesOn || sayTakesThread() || isOutputKept(options) || options.ping !== undefined;
}

/**
 * Starts the threads that write files and resolve host names. libuv starts them with the first such call, and aborts the process if the system
 * allows no more (RLIMIT_NPROC): better now than while a command is at work.
 */
function startThreads(): Promise<void> {
  return new Promise((resolve) => access('/', () => resolve()));
}

async function keptOutput({ name, locks, options }: Task, lock: Lock | null): Promise<KeptOutput | null> {
  if (!isOutputKept(options)) return null;
  const { KeptOutput } = await loadKeptOutput();
  return new KeptOutput(options, {
    owner: { lock: name, store: locks.database },
    startedAt: lock?.acquiredAt ?? new Date(),
    token: lock?.token ?? randomUuid(),
    isBeside: lock === null,
  });
}

/** How long to wait for a reader or a disk when the lock is free: until a signal arrives, or as long as `--timeout`; if
 * a signal has arrived already, as long as `--kill-after`. */
function patience({ timeout, killAfter }: RunSettings, signals: Signals): AbortSignal {
  const over = new AbortController();
  const limit = signals.received === null ? Math.max(timeout, killAfter) : killAfter;
  if (Number.isFinite(limit)) {
    void systemClock.sleep(limit, { ref: false }).then(() => over.abort());
  }
  signals.passTo(() => over.abort());
  return over.signal;
}
