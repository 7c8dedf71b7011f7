import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Aftermath, clearUp } from './aftermath.js';
import { Assailant } from './assailant.js';
import type { Chronicle } from './chronicle.js';
import { employCommand } from './command/employ.js';
import { ANY_SHELL, BASH } from './command/script.js';
import { Crew } from './crew.js';
import { employProcess } from './employ-process.js';
import { Namespaces } from './namespaces/namespaces.js';
import type { TortureOptions } from './options.js';
import { Random } from './random.js';

/** The maximum rest of a process after a turn, in milliseconds: longer beside commands, which look for the lock less often. */
const LONGEST_REST = 10;
const REST_FOR_COMMAND = 250;

/** The result of a run. */
export interface Ordeal {
  readonly chronicle: Chronicle;
  /** `null` if the lock could not be acquired any more. */
  readonly aftermath: Aftermath | null;
}

/**
 * Lets processes contend for one lock while they are killed and stopped. Rejects with the signal's reason when it aborts.
 * Leaves neither processes nor files behind.
 */
export async function torture(
  options: TortureOptions,
  chronicle: Chronicle,
  signal: AbortSignal,
): Promise<Ordeal> {
  const folder = realpathSync(mkdtempSync(join(options.folder, 'livinglock-torture-')));
  try {
    const lock = join(folder, 'lock', 'job.lock');
    await contend(options, { lock, witness: join(folder, 'witness') }, chronicle, signal);
    const aftermath = await clearUpIfPossible(lock, options, chronicle);
    signal.throwIfAborted();
    return { chronicle, aftermath };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function contend(
  options: TortureOptions,
  paths: { readonly lock: string; readonly witness: string },
  chronicle: Chronicle,
  signal: AbortSignal,
): Promise<void> {
  const { kill, stop, seed, seconds } = options;
  // Half of the strikes come from outside, half from the processes themselves.
  const assailant = new Assailant(kill / 2, stop / 2, new Random(`${seed}, outside`), chronicle);
  const shell = options.namespaces > 0 ? BASH : ANY_SHELL;
  const namespaces = new Namespaces(options.namespaces);
  mkdirSync(join(paths.lock, '..'));
  const crews = [
    processCrew(options, paths, chronicle, assailant, namespaces),
    new Crew(
      options.commands,
      (number) => employCommand(paths, shell, new Random(`${seed}, command ${number}`), chronicle),
      chronicle,
    ),
  ];
  const end = () => Promise.all([...crews.map((crew) => crew.end()), namespaces.end()]);
  signal.addEventListener('abort', end);
  try {
    await sleep(seconds * 1000, undefined, { signal });
    assailant.rest();
    await Promise.all(crews.map((crew) => crew.finish()));
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', end);
    await end();
  }
}

function processCrew(
  { processes, commands, kill, stop, seed, staleTimeout, breakage }: TortureOptions,
  paths: { readonly lock: string; readonly witness: string },
  chronicle: Chronicle,
  assailant: Assailant,
  namespaces: Namespaces,
): Crew {
  const longestRest = LONGEST_REST + commands * REST_FOR_COMMAND;
  const settings = { ...paths, staleTimeout, kill: kill / 2, stop: stop / 2, breakage, longestRest };
  const employ = (number: number) =>
    employProcess(
      { ...settings, seed: `${seed}, process ${number}` },
      namespaces.of(number),
      chronicle,
      assailant,
    );
  return new Crew(processes, employ, chronicle);
}

async function clearUpIfPossible(
  lock: string,
  { namespaces }: TortureOptions,
  chronicle: Chronicle,
): Promise<Aftermath | null> {
  try {
    return await clearUp(lock, namespaces > 0);
  } catch (error) {
    chronicle.fail(`afterwards the lock could not be had: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}
