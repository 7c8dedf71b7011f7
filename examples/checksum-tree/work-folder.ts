import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/** One file in a checkpoint. */
export interface Entry {
  readonly path: string;
  readonly hash: string;
  readonly size: number;
  readonly modified: number;
}

/**
 * A run's unfinished work: a folder next to the output, with the run's fencing token in its name.
 *
 * The token in the name is the fence. Asking "do I still hold the lock?" before each write is not enough: a process can be
 * paused between the check and the write, lose the lock, and hours later overwrite the work of its successor. A file system
 * cannot compare tokens, but it refuses a path that does not exist. So a run only writes to paths inside its own folder, and
 * its successor begins by renaming that folder to its own token. From then on, every write of the predecessor fails with
 * ENOENT, even one that was already under way.
 */
export class WorkFolder {
  readonly #path: string;
  readonly #output: string;
  #checkpoints = 0;

  private constructor(path: string, output: string) {
    this.#path = path;
    this.#output = output;
  }

  /** Takes over the folder of an earlier unfinished run, or creates one. The caller must hold the lock. */
  static async open(output: string, fencingToken: number): Promise<WorkFolder> {
    await mkdir(dirname(output), { recursive: true });
    const path = `${output}.work-${fencingToken}`;
    const [latest, ...leftOver] = await earlierFolders(output, fencingToken);
    if (latest === undefined) await mkdir(path);
    else await rename(latest, path);
    for (const folder of leftOver) await rm(folder, { recursive: true, force: true });
    return new WorkFolder(path, output);
  }

  /** Everything saved in checkpoints, by this run and by earlier ones. */
  async load(): Promise<Entry[]> {
    const names = (await readdir(this.#path)).filter((name) => /^\d+\.json$/.test(name));
    this.#checkpoints = names.length;
    const checkpoints = names.map(async (name) =>
      parseEntries(await readFile(join(this.#path, name), 'utf8')),
    );
    return (await Promise.all(checkpoints)).flat();
  }

  /** Adds a checkpoint. Each has its own file, so the thousandth takes no longer than the first. */
  async save(entries: readonly Entry[]): Promise<void> {
    await writeFileAtomic(join(this.#path, `${this.#checkpoints}.json`), JSON.stringify(entries));
    this.#checkpoints += 1;
  }

  /** Replaces the output atomically, and removes the folder. */
  async publish(text: string): Promise<void> {
    const finished = join(this.#path, 'output');
    await writeFileAtomic(finished, text);
    await rename(finished, this.#output);
    await rm(this.#path, { recursive: true, force: true });
  }
}

/** Latest first. A folder with a greater token belongs to a successor, so it is left out. */
async function earlierFolders(output: string, fencingToken: number): Promise<string[]> {
  const prefix = `${basename(output)}.work-`;
  return (await readdir(dirname(output)))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .filter((token) => token < fencingToken)
    .sort((one, other) => other - one)
    .map((token) => `${output}.work-${token}`);
}

/** An unreadable checkpoint counts as empty: its files are hashed again. */
function parseEntries(text: string): Entry[] {
  try {
    const entries: unknown = JSON.parse(text);
    return Array.isArray(entries) && entries.every(isEntry) ? entries : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is Entry {
  return (
    typeof value === 'object' &&
    value !== null &&
    'path' in value &&
    typeof value.path === 'string' &&
    'hash' in value &&
    typeof value.hash === 'string' &&
    'size' in value &&
    typeof value.size === 'number' &&
    'modified' in value &&
    typeof value.modified === 'number'
  );
}
