import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isAbsolute } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { messageOf } from '../system/message-of.js';
import { systemCode } from '../system/system-code.js';
import { systemProgram } from '../system/windows-program.js';
import { ScheduleError } from './schedule-error.js';

/** The status of a program that a signal ended. Anything but 0 will do. */
const KILLED = 128;
/** What it means that there is no such program. A lack of descriptors or memory says nothing about it. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES']);

export interface Result {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end. `schedule` starts all other programs through this function, so that tests can replace it. */
export type RunProgram = (program: string, args: readonly string[], input?: Uint8Array) => Promise<Result>;

export const runProgram: RunProgram = async (program, args, input) => {
  // The output is parsed here, so it must not be translated. CRONTAB_NOHEADER: see `readCrontab`.
  const path =
    process.platform === 'win32' && !isAbsolute(program) ? systemProgram(`${program}.exe`) : program;
  try {
    const child = spawn(path, args, {
      env: { ...process.env, LC_ALL: 'C', CRONTAB_NOHEADER: 'N' },
      windowsHide: true,
    });
    // If the process could not be started, there may be no pipes either (EMFILE).
    if (child.pid === undefined) await once(child, 'spawn');
    // The program may end before it has read everything. Its exit code tells why.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [[status], stdout, stderr] = await Promise.all([
      once(child, 'close'),
      buffer(child.stdout),
      text(child.stderr),
    ]);
    return { status: typeof status === 'number' ? status : KILLED, stdout, stderr };
  } catch (error) {
    const problem = `Cannot run ${program}: ${messageOf(error)}.`;
    if (!ABSENT.has(systemCode(error) ?? '')) throw new ScheduleError('failed', problem, { cause: error });
    throw new ScheduleError(
      'absent',
      `${problem} Does this system have that scheduler? Choose another with --for.`,
    );
  }
};

/** Runs a program that must succeed. Returns its output. */
export async function expectSuccess(
  run: RunProgram,
  program: string,
  args: readonly string[],
  input?: Uint8Array,
): Promise<Buffer> {
  const result = await run(program, args, input);
  if (result.status !== 0) throw failure(program, args, result);
  return result.stdout;
}

export function failure(
  program: string,
  args: readonly string[],
  { status, stderr, stdout }: Result,
): ScheduleError {
  const reason = stderr.trim() || stdout.toString().trim() || `it has exited with ${status}`;
  return new ScheduleError('failed', `${[program, ...args].join(' ')} has failed: ${reason}`);
}
