import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FileSystemFinding, FileSystemReport } from 'livinglock';
import { onTestFinished } from 'vitest';
import { death } from '../../support/actors.js';
import { insistently } from '../../support/running.js';
import { PROGRAM } from './desk.js';

// `livinglock verify`.

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** No step of a verification takes this many milliseconds; a safety net for tests that would otherwise hang. */
const TIMEOUT = 30_000;

export interface Verification {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface VerifyHow {
  /** What to start the program with: another program, and its arguments before those that name this one. */
  readonly within?: readonly string[];
  readonly parameters?: readonly string[];
  /** The user of the process. */
  readonly user?: number;
}

/** Runs the program to its end. */
export async function verify(directory: string, how: VerifyHow = {}): Promise<Verification> {
  const child = startVerifying(directory, how);
  if (child.stdout === null || child.stderr === null) throw new Error('There is nothing to read from.');
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: (await death(child)).code, output, errors };
}

/** Starts the program. It ends with the test, and so do its own processes. */
export function startVerifying(
  directory: string,
  { within = [], parameters = [], user }: VerifyHow,
): ChildProcess {
  const [file = process.execPath, ...rest] = [
    ...within,
    process.execPath,
    PROGRAM,
    'verify',
    directory,
    ...parameters,
  ];
  const options: SpawnOptions = {
    // Here `livinglock` means this package, wherever the test was started.
    cwd: PROJECT,
    ...(user !== undefined && { uid: user, gid: user }),
    stdio: ['ignore', 'pipe', 'pipe'],
  };
  const child = insistently(() => spawn(file, rest, options));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await death(child);
  });
  return child;
}

/** Resolves when processes contend for a lock in a folder below that one. */
export async function contentionIn(directory: string): Promise<void> {
  for (let waited = 0; waited < TIMEOUT; waited += 5) {
    const [folder] = readdirSync(directory);
    if (folder !== undefined && readdirSync(join(directory, folder)).includes('contention')) return;
    await sleep(5);
  }
  throw new Error(`Nobody contends in ${directory}.`);
}

/** The problems, apart from what follows from the type of the file system alone. */
export function complaintsOf({ findings }: FileSystemReport): FileSystemFinding[] {
  return findings.filter(({ check, verdict }) => verdict !== 'safe' && check !== 'reboot');
}

/** The report that the program printed with `--json`. */
export function reportOf({ output, errors }: Verification): FileSystemReport {
  try {
    return JSON.parse(output);
  } catch {
    throw new Error(`Not a report: ${output}${errors}`);
  }
}
