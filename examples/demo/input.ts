import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** What the jobs of the demo hash. */
export interface Input {
  readonly folder: string;
  /** Paths below the folder as the manifest has them, in its order. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/** Enough for a killing in the middle, and not more than is hashed in a few seconds. */
const FEWEST_FILES = 60;
const MOST_FILES = 8000;
const MOST_BYTES = 300_000_000;
/** In milliseconds. Hashing takes some ten times as long as listing, also on a machine that is slow or busy. */
const LONGEST_LISTING = 300;

/**
 * The folder itself if its size suits, else the first one in it whose size does, so that the demo is about real files with
 * any installation. Where there is none, files made up in `scratch`.
 */
export async function chooseInput(folder: string | null, scratch: string): Promise<Input> {
  if (folder !== null) {
    const whole = await measure(folder);
    if (whole !== null) return whole;
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const part = entry.isDirectory() ? await measure(join(folder, entry.name)) : null;
      if (part !== null) return part;
    }
  }
  return makeUp(join(scratch, 'files'));
}

/** The folder in it that has the most files, for what need not be done with all of them. */
export async function largestPart(input: Input): Promise<Input> {
  const sizes = new Map<string, number>();
  for (const path of input.files) {
    const [name = '', ...rest] = path.split('/');
    if (rest.length > 0) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  }
  const [largest] = [...sizes].sort(([, one], [, other]) => other - one);
  return (largest && (await measure(join(input.folder, largest[0])))) ?? input;
}

/** Upwards from where this program lies. */
export function nearestNodeModules(): string | null {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules'))) return join(folder, 'node_modules');
  }
  return null;
}

/** `null` where the size does not suit; of a folder that is too large it sees only as much as it takes to know that. */
async function measure(folder: string): Promise<Input | null> {
  const deadline = performance.now() + LONGEST_LISTING;
  const files: string[] = [];
  let bytes = 0;
  for await (const path of filesBelow(folder)) {
    files.push(relative(folder, path).split(sep).join('/'));
    bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (files.length > MOST_FILES || bytes > MOST_BYTES || performance.now() > deadline) return null;
  }
  return files.length < FEWEST_FILES ? null : { folder, files: files.sort(), bytes };
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

async function makeUp(folder: string): Promise<Input> {
  await mkdir(folder);
  for (let n = 0; n < FEWEST_FILES; n++) {
    await writeFile(join(folder, `${n}.txt`), `${n}\n`.repeat(n * 100));
  }
  const input = await measure(folder);
  if (input === null) throw new Error(`${folder} should have been of the right size`);
  return input;
}
