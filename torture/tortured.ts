import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { death } from '../support/actors.js';
import { temporaryFolder } from '../support/machine.js';

// What tests of the torture share.

const COMMAND = fileURLToPath(new URL('../build/torture/torture.js', import.meta.url));

/** Starts the command, with its lock in a folder of the test. */
export function start(...args: readonly string[]) {
  return startWith({}, ...args);
}

/** With variables of the environment. */
export function startWith(env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const folder = temporaryFolder();
  const command = spawn(process.execPath, [COMMAND, '--folder', folder, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(async () => {
    // Not SIGKILL, after which nobody would end its processes.
    command.kill('SIGTERM');
    await death(command);
  });
  return { command, folder };
}

/** Runs it to its end. It must not leave a file behind, whatever the result. */
export async function run(...args: readonly string[]) {
  const { command, folder } = start(...args);
  const [output, errors] = await Promise.all([text(command.stdout), text(command.stderr)]);
  const { code } = await death(command);
  expect(readdirSync(folder)).toEqual([]);
  return { code, output, errors };
}

/** The first number in the line of the report with that name. */
export function fact(output: string, name: string): number {
  const [, number] = new RegExp(`^${name} +(\\d+)`, 'm').exec(output) ?? [];
  if (number === undefined) throw new Error(`There is no line '${name}' in:\n${output}`);
  return Number(number);
}

/** What the report ends with. */
export function faultsIn(output: string): string[] {
  return output
    .slice(output.search(/^faults /m))
    .split('\n')
    .slice(1)
    .filter((line) => line !== '');
}

interface HolderRecord {
  readonly process_id: number;
  readonly workers?: readonly { readonly pid: number }[];
}

/** The record of the first holder that is seen and wanted. */
export async function someRecord(
  folder: string,
  isWanted: (record: HolderRecord) => boolean = () => true,
): Promise<HolderRecord> {
  for (;;) {
    const [own] = readdirSync(folder);
    const lock = join(folder, own ?? '', 'lock', 'job.lock');
    const record = existsSync(lock) ? recordIn(lock) : null;
    if (record !== null && isWanted(record)) return record;
    await sleep(5);
  }
}

function recordIn(lock: string): HolderRecord | null {
  try {
    return JSON.parse(readFileSync(lock, 'utf8'));
  } catch {
    // It was released at that moment.
    return null;
  }
}
