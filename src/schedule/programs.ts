import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { CliError } from '../cli/errors/cli-error.js';
import { ExitCode } from '../cli/errors/exit-codes.js';

export interface Result {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end. Every other program that `schedule` needs is run through this, so that tests can stand in for it. */
export type RunProgram = (program: string, args: readonly string[], input?: Uint8Array) => Promise<Result>;

export const runProgram: RunProgram = async (program, args, input) => {
  // What they say is read here, so it must not be translated.
  const child = spawn(program, args, { env: { ...process.env, LC_ALL: 'C' }, windowsHide: true });
  try {
    // Without a process there may be no pipes either (EMFILE).
    if (child.pid === undefined) await once(child, 'spawn');
    // It may end without having read everything; its exit code tells why.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [[status], stdout, stderr] = await Promise.all([
      once(child, 'close'),
      buffer(child.stdout),
      text(child.stderr),
    ]);
    return { status: typeof status === 'number' ? status : ExitCode.signal, stdout, stderr };
  } catch (error) {
    throw new CliError(
      ExitCode.notFound,
      `Cannot run ${program}: ${error instanceof Error ? error.message : error}. Does this system have that scheduler? --for names another.`,
    );
  }
};

/** Runs a program that must succeed, and gives what it has printed. */
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
): CliError {
  const reason = stderr.trim() || stdout.toString().trim() || `it has exited with ${status}`;
  return new CliError(ExitCode.store, `${[program, ...args].join(' ')} has failed: ${reason}`);
}
