import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/** What is known of a file. */
export interface Entry {
  readonly path: string;
  readonly hash: string;
  readonly size: number;
  readonly modified: number;
}

/**
 * Where a run keeps what is not finished: a folder beside the output, with the run's fencing token in its name.
 *
 * The token in the name is the fence. To ask "is the lock still mine?" before each write is not enough: a process can be
 * paused between the question and the write, be taken over, and write hours later over what its successor has written. A
 * file system knows no tokens, but it refuses a path that does not exist. So a run writes only by paths that go through its
 * own folder, and whoever takes over begins by renaming that folder to their own token. From then on each write of the
 * predecessor, be it asleep in the middle of it, ends with ENOENT.
 */
export class WorkFolder {
  readonly #path: string;
  readonly #output: string;
  #checkpoints = 0;

  private constructor(path: string, output: string) {
    this.#path = path;
    this.#output = output;
  }

  /** Takes over the folder of an earlier run that did not finish, or makes a new one. To be called with the lock held. */
  static async open(output: string, fencingToken: number): Promise<WorkFolder> {
    await mkdir(dirname(output), { recursive: true });
    const path = `${output}.work-${fencingToken}`;
    const [latest, ...leftOver] = await earlierFolders(output, fencingToken);
    if (latest === undefined) await mkdir(path);
    else await rename(latest, path);
    for (const folder of leftOver) await rm(folder, { recursive: true, force: true });
    return new WorkFolder(path, output);
  }

  /** All that was saved in checkpoints, by this run and by those before it. */
  async load(): Promise<Entry[]> {
    const names = (await readdir(this.#path)).filter((name) => /^\d+\.json$/.test(name));
    this.#checkpoints = names.length;
    const checkpoints = names.map(async (name) =>
      parseEntries(await readFile(join(this.#path, name), 'utf8')),
    );
    return (await Promise.all(checkpoints)).flat();
  }

  /** Adds a checkpoint. Each is a file of its own, so that the thousandth takes no longer than the first. */
  async save(entries: readonly Entry[]): Promise<void> {
    await writeFileAtomic(join(this.#path, `${this.#checkpoints}.json`), JSON.stringify(entries));
    this.#checkpoints += 1;
  }

  /** Puts the output in its place, whole or not at all, and ends the work. */
  async publish(text: string): Promise<void> {
    const finished = join(this.#path, 'output');
    await writeFileAtomic(finished, text);
    await rename(finished, this.#output);
    await rm(this.#path, { recursive: true, force: true });
  }
}

/** The latest first. Those with greater tokens are a successor's: then it is the caller that comes too late. */
async function earlierFolders(output: string, fencingToken: number): Promise<string[]> {
  const prefix = `${basename(output)}.work-`;
  return (await readdir(dirname(output)))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .filter((token) => token < fencingToken)
    .sort((one, other) => other - one)
    .map((token) => `${output}.work-${token}`);
}

/** A checkpoint only saves work: one that cannot be read costs doing that work again, and nothing else. */
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
