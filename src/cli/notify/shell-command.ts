import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration } from '../../core/describe-holder.js';
import { messageOf } from '../../system/message-of.js';
import { type Exit, exitOf } from '../run/exit-status.js';
import { commandOf, isForCmd } from '../run/options/wrapped-command.js';
import { CommandEnder } from '../run/processes/end-command.js';
import { groupOf, type ProcessGroup, treeOf } from '../run/processes/process-group.js';
import { waitForSurvivors } from '../run/processes/wait-for-survivors.js';
import { type Stdio, withoutInherited } from '../run/start/descriptors.js';
import { callingBack } from '../run/start/livinglock-for-command.js';
import { makeRealPipes } from '../run/start/real-pipes.js';
import { say } from '../terminal/messages.js';
import { type RunEvent, variablesOf } from './event.js';
import { PING_VARIABLE } from './notify-options.js';

/** Milliseconds for the command and all that it leaves running in its process group, and from SIGTERM to SIGKILL. */
const TIMEOUT = 10_000;
const GRACE = 1000;
/** A process may outlast SIGKILL, in the middle of a call to a dead file server. */
const PATIENCE = TIMEOUT + 2 * GRACE;
/** How long to wait for output that has been written but not read. */
const SILENCE = 500;
/** How much of its output is kept. */
const MOST_OUTPUT = 4096;

export interface CommandOptions {
  /** For the shell. */
  readonly line: string;
  /** Descriptors that this process was given, for the job. */
  readonly descriptors: readonly number[];
  /** Ends the command. */
  readonly signal: AbortSignal;
  /** Default: see above. */
  readonly timeout?: number;
}

/**
 * Runs a command of the user's that is told about an event. Resolves when nothing is left of it. Whatever goes wrong becomes one message.
 *
 * Its output is read, and shown only if it fails: what it writes into the same file as the job would look like work of the job, and cron would send
 * a mail for the `ok` of a web service.
 */
export async function notifyBy(options: CommandOptions, event: RunEvent): Promise<void> {
  try {
    const { child, output } = begin(options, event);
    const complaint = await toTheEnd(child, output, options);
    if (complaint !== null) say(`The command of --notify (${event.event}) ${complaint}`);
  } catch (error) {
    say(`Cannot start the command of --notify (${event.event}): ${messageOf(error)}.`);
  }
}

function begin({ line, descriptors }: CommandOptions, event: RunEvent) {
  const [program = '', ...args] = commandOf(null, line, '');
  const [pipe] = makeRealPipes(1) ?? [];
  const write = pipe?.writing ?? 'pipe';
  const stdio: Stdio[] = ['pipe', write, write];
  const child = spawn(program, args, {
    env: { ...environment(event), ...variablesOf(event) },
    // A group of its own, which can be ended, and which the keys of a terminal do not reach.
    detached: process.platform !== 'win32',
    stdio: withoutInherited(stdio, descriptors),
    windowsVerbatimArguments: isForCmd([program, ...args]),
    windowsHide: true,
  });
  const sources = pipe === undefined ? [child.stdout, child.stderr] : [pipe.open()];
  child.stdin?.on('error', () => {});
  child.stdin?.end(`${JSON.stringify(event)}\n`);
  return { child, output: new LastOutput(sources.filter((source) => source !== null)) };
}

/** Not that of the job, which is known by its token: whatever has that counts as its work. */
function environment({ path }: RunEvent): NodeJS.ProcessEnv {
  const { [PING_VARIABLE]: _, ...env } = process.env;
  return { ...env, ...callingBack(), LIVINGLOCK_PATH: path };
}

/** What went wrong, or `null`. */
async function toTheEnd(
  child: ChildProcess,
  output: LastOutput,
  { signal, timeout = TIMEOUT }: CommandOptions,
): Promise<string | null> {
  const exited = exitOf(child);
  const { pid } = child;
  if (pid === undefined) {
    output.stop();
    await once(child, 'spawn');
    return null;
  }
  const group = process.platform === 'win32' ? treeOf(child, pid) : groupOf(pid);
  const ending = new CommandEnder(group, GRACE);
  const end = () => ending.begin('timed-out');
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  ending.after(timeout, end);
  try {
    const exit = await Promise.race([goneOf(exited, group), sleep(PATIENCE, null, { ref: false })]);
    if (signal.aborted) return null;
    if (ending.reason !== null) return `was still at work after ${formatDuration(timeout)}, and was ended.`;
    return exit === null || exit.code === 0 ? null : await describeFailure(exit, output);
  } finally {
    ending.stop();
    signal.removeEventListener('abort', end);
    output.stop();
  }
}

async function goneOf(exited: Promise<Exit>, group: ProcessGroup): Promise<Exit> {
  const exit = await exited;
  await waitForSurvivors(group, null);
  return exit;
}

async function describeFailure({ code, signal }: Exit, output: LastOutput): Promise<string> {
  await Promise.race([output.ended, sleep(SILENCE, undefined, { ref: false })]);
  const how = signal === null ? `exited with ${code}` : `was ended by ${signal}`;
  const { line } = output;
  return line === '' ? `${how}.` : `${how}: ${line}`;
}

/** Reads output, and keeps the end. */
class LastOutput {
  readonly #sources: readonly Readable[];
  readonly ended: Promise<unknown>;
  #kept = Buffer.alloc(0);

  constructor(sources: readonly Readable[]) {
    this.#sources = sources;
    this.ended = Promise.all(sources.map((source) => once(source, 'close').catch(() => {})));
    for (const source of sources) {
      source.on('error', () => {});
      source.on('data', (chunk: Buffer) => {
        this.#kept = Buffer.concat([this.#kept, chunk]).subarray(-MOST_OUTPUT);
      });
    }
  }

  /** The last line that is not empty. */
  get line(): string {
    const lines = this.#kept.toString('utf8').split('\n');
    return lines.map((line) => line.trim()).findLast((line) => line !== '') ?? '';
  }

  stop(): void {
    for (const source of this.#sources) source.destroy();
  }
}
