import { randomUUID } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { chmod, lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolders } from '../system/files/make-folders.js';
import { namesIn } from '../system/files/names-in.js';
import { systemCode } from '../system/system-code.js';
import type { Step } from './installer.js';
import { expectSuccess, type RunProgram } from './run-program.js';
import { notOurs, orFailed, ScheduleError } from './schedule-error.js';

/**
 * The step after which a file has this content, or is gone if it is `null`. No step if it already is so.
 *
 * @param isOurs Whether this is the content of a file that livinglock has written. Any other file is left alone.
 */
export async function fileStep(
  path: string,
  after: string | null,
  isOurs: (text: string) => boolean,
): Promise<Step[]> {
  const before = await orFailed(`read or change ${path}`, () => read(path));
  if (before === after) return [];
  if (before !== null && !isOurs(before)) throw notOurs(path);
  return [
    {
      lines: [path, ...difference(before ?? '', after ?? '')],
      apply: () => orFailed(`read or change ${path}`, () => (after === null ? rm(path) : write(path, after))),
    },
  ];
}

/** Our files in a folder whose names match, each with the first group of the match and its text; none if the folder does not exist. */
export async function filesIn(
  folder: string,
  pattern: RegExp,
  isOurs: (text: string) => boolean,
): Promise<{ name: string; text: string }[]> {
  return orFailed(`read or change ${folder}`, async () => {
    const found: { name: string; text: string }[] = [];
    for (const file of namesIn(folder).sort()) {
      const name = pattern.exec(file)?.[1];
      const text = name === undefined ? null : await read(join(folder, file)).catch(unlessNotOurs);
      if (name !== undefined && text !== null && isOurs(text)) found.push({ name, text });
    }
    return found;
  });
}

function unlessNotOurs(error: unknown): null {
  if (error instanceof ScheduleError) return null;
  throw error;
}

export function programStep(run: RunProgram, program: string, ...args: readonly string[]): Step {
  return {
    lines: [`$ ${[program, ...args].join(' ')}`],
    async apply() {
      await expectSuccess(run, program, args);
    },
  };
}

/** The lines that differ, marked as by diff(1), as one block from the first difference to the last. */
export function difference(before: string, after: string): string[] {
  const old = linesOf(before);
  const young = linesOf(after);
  let start = 0;
  while (start < old.length && start < young.length && old[start] === young[start]) start++;
  let end = 0;
  const rest = Math.min(old.length, young.length) - start;
  while (end < rest && old.at(-1 - end) === young.at(-1 - end)) end++;
  return [
    ...old.slice(start, old.length - end).map((line) => `- ${line}`),
    ...young.slice(start, young.length - end).map((line) => `+ ${line}`),
  ];
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** `null` if there is nothing. Opening a FIFO would wait for a writer, and a link belongs to whoever made it. */
export async function read(path: string): Promise<string | null> {
  try {
    if (!(await lstat(path)).isFile()) throw notOurs(path);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function write(path: string, text: string): Promise<void> {
  makeFolders(dirname(path));
  await replaceFile(path, text, modeOf(path));
}

/**
 * Puts a new file in the place of an old one, so that nothing is written through a link, and a full disk leaves no half of a command that would
 * still be run.
 *
 * @param mode `null`: as the umask allows.
 */
export async function replaceFile(path: string, text: string, mode: number | null): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, text, { flag: 'wx', flush: true, mode: mode ?? 0o666 });
    if (mode !== null) await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The user may have closed it to others. `null` for what is no file. */
export function modeOf(path: string): number | null {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status?.isFile() ? status.mode & 0o777 : null;
}
