import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** The files that the demo's jobs hash. */
export interface Input {
  readonly folder: string;
  /** Relative paths, written and sorted as in the manifest. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/** Enough files to kill a job halfway, and few enough to hash in a few seconds. */
const FEWEST_FILES = 60;
const MOST_FILES = 8000;
const MOST_BYTES = 300_000_000;
/** In milliseconds. Hashing takes about ten times as long as listing, even on a slow or busy machine. */
const LONGEST_LISTING = 300;

/**
 * Chooses the folder itself if it has a suitable size, or else its first subfolder that has. If none has, generates files
 * in `scratch`.
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
  return generate(join(scratch, 'files'));
}

/** The subfolder with the most files; the input itself if it has no suitable one. */
export async function largestPart(input: Input): Promise<Input> {
  const sizes = new Map<string, number>();
  for (const path of input.files) {
    const [name = '', ...rest] = path.split('/');
    if (rest.length > 0) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  }
  const [largest] = [...sizes].sort(([, one], [, other]) => other - one);
  return (largest && (await measure(join(input.folder, largest[0])))) ?? input;
}

/** Searches upwards from this program. */
export function nearestNodeModules(): string | null {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules'))) return join(folder, 'node_modules');
  }
  return null;
}

/** `null` if the size is not suitable. Stops listing as soon as the folder turns out to be too large. */
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

async function generate(folder: string): Promise<Input> {
  await mkdir(folder);
  for (let n = 0; n < FEWEST_FILES; n++) {
    await writeFile(join(folder, `${n}.txt`), `${n}\n`.repeat(n * 100));
  }
  const input = await measure(folder);
  if (input === null) throw new Error(`the generated files in ${folder} have an unsuitable size`);
  return input;
}
