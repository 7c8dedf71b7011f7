// A batch job that writes the SHA-256 of every file below a folder, in the format of `sha256sum --check`.
//
//     npm run example -- checksum-tree [options] [folder]
//
// Copy it for a job of your own that must not run twice at once, must not stay stuck, and must not start from scratch:
//
// - If another run holds the lock, it prints one line and exits with a code that schedulers read as "try again later".
// - It sends a heartbeat after each piece of work, and nowhere else: a heartbeat is proof of work.
// - It saves checkpoints. If it is killed, or hangs and is taken over, the next run resumes from the last one.
// - It stops when it has lost the lock. Even if it notices late, it cannot damage the work of its successor; see
//   `checksum-tree/work-folder.ts`.
//
// It does not handle SIGINT or SIGTERM: the library releases the lock on exit, and the checkpoints are already on disk.

import { existsSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { acquire, type Duration, ErrLockBusy, ErrLockLost, type Lock, toDuration } from 'livinglock';
import { hashFile, listFiles, unlessVanished } from './checksum-tree/files.js';
import { type Entry, WorkFolder } from './checksum-tree/work-folder.js';

/** The codes above 63 are from sysexits(3). Cron wrappers, systemd and mail servers know them. */
const EXIT = { done: 0, failed: 1, lost: 3, usage: 64, busy: 75 };

const USAGE = `Usage: checksum-tree [options] [folder]

Writes the SHA-256 of every regular file below a folder. Does not follow symbolic links.

  folder                     default: this project's node_modules
  --output FILE              the manifest; default: build/checksums/manifest.txt
  --lock FILE                default: the output's name with .lock
  --stale-timeout TIME       how long without a heartbeat until the next run takes over; default: 1h
  --heartbeat-interval TIME  minimum time between two written heartbeats; default: 1m
  --wait TIME                how long to wait for a running job; default: 0
  --checkpoint-every FILES   default: 500
  --help

TIME is a duration such as 90s, 5m, 2h.

Exit codes: ${EXIT.done} done, ${EXIT.failed} failed, ${EXIT.lost} stopped because the lock was lost, ${EXIT.usage} wrong usage, ${EXIT.busy} already running.`;

interface Job {
  readonly folder: string;
  readonly output: string;
  readonly lock: string;
  readonly staleTimeout: string | undefined;
  readonly heartbeatInterval: string | undefined;
  readonly wait: string | undefined;
  readonly checkpointEvery: number;
}

class UsageError extends Error {}

try {
  const job = readCommandLine(process.argv.slice(2));
  if (job === 'help') console.log(USAGE);
  else await run(job);
} catch (error) {
  console.error(`checksum-tree: ${error instanceof Error ? error.message : error}`);
  process.exitCode = exitCodeFor(error);
}

async function run(job: Job): Promise<void> {
  const lock = await acquireFor(job);
  console.log(`holds ${lock.name} as PID ${process.pid}`);
  try {
    await checksumTree(job, lock);
  } finally {
    // Rejects if the lock was lost. That error replaces any other, because the loss is the cause.
    await lock.release();
  }
}

async function checksumTree(job: Job, lock: Lock): Promise<void> {
  const { folder, output, checkpointEvery } = job;
  const work = await WorkFolder.open(output, lock.fencingToken);
  const saved = new Map((await work.load()).map((entry) => [entry.path, entry]));
  const paths = await listFiles(folder, (path) => belongsToJob(path, job), lock);
  if (saved.size > 0)
    console.log(`resumes from a checkpoint: ${saved.size} of ${paths.length} files are done`);

  const entries: Entry[] = [];
  let unsaved: Entry[] = [];
  for (const [index, path] of paths.entries()) {
    const earlier = saved.get(path);
    const entry = await unlessVanished(checksum(folder, path, earlier, lock));
    if (entry === undefined) console.error(`checksum-tree: ${path} no longer exists`);
    else entries.push(entry);
    if (entry !== undefined && entry !== earlier) unsaved.push(entry);
    if (unsaved.length === checkpointEvery) {
      await work.save(unsaved);
      unsaved = [];
      console.log(`checkpoint: ${index + 1} of ${paths.length} files`);
    }
    await lock.heartBeat({ progress: (index + 1) / paths.length, note: path });
  }

  await work.publish(entries.map(manifestLine).join(''));
  console.log(`wrote ${output}: ${entries.length} files`);
}

/** Reuses the hash in the checkpoint if the file has not changed since. */
async function checksum(
  folder: string,
  path: string,
  earlier: Entry | undefined,
  lock: Lock,
): Promise<Entry> {
  const file = join(folder, path);
  const { size, mtimeMs } = await stat(file);
  if (earlier?.size === size && earlier.modified === mtimeMs) return earlier;
  return { path, hash: await hashFile(file, lock), size, modified: mtimeMs };
}

/** As in sha256sum(1): a backslash at the start of a line means that backslashes and line breaks in the name are escaped. */
function manifestLine({ hash, path }: Entry): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `${escaped === path ? '' : '\\'}${hash}  ${escaped}\n`;
}

/** The manifest may be in the folder that it describes, but cannot list itself. */
function belongsToJob(path: string, { output, lock }: Job): boolean {
  return [output, lock].some((own) => path === own || path.startsWith(`${own}.`));
}

async function acquireFor({ folder, lock, staleTimeout, heartbeatInterval, wait }: Job): Promise<Lock> {
  try {
    return await acquire(lock, {
      staleTimeout: readDuration(staleTimeout),
      heartbeatMinimalInterval: readDuration(heartbeatInterval),
      wait: readDuration(wait),
      command: `checksum-tree ${folder}`,
    });
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function readDuration(text: string | undefined): Duration | undefined {
  return text === undefined ? undefined : toDuration(text);
}

function exitCodeFor(error: unknown): number {
  if (error instanceof ErrLockBusy) return EXIT.busy;
  if (error instanceof ErrLockLost) return EXIT.lost;
  if (error instanceof UsageError) return EXIT.usage;
  return EXIT.failed;
}

function readCommandLine(args: string[]): Job | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  if (positionals.length > 1) throw new UsageError(`expected one folder, not ${positionals.join(' and ')}`);
  const folder = resolve(positionals[0] ?? nearestNodeModules());
  const output = resolve(values.output ?? join(import.meta.dirname, '..', 'checksums', 'manifest.txt'));
  if (!isFolder(folder)) throw new UsageError(`${folder} is not a folder`);
  if (isFolder(output)) throw new UsageError(`--output must be a file, but ${output} is a folder`);
  return {
    folder,
    output,
    lock: resolve(values.lock ?? `${output}.lock`),
    staleTimeout: values['stale-timeout'],
    heartbeatInterval: values['heartbeat-interval'],
    wait: values.wait,
    checkpointEvery: readCount('--checkpoint-every', values['checkpoint-every'] ?? '500'),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        output: { type: 'string' },
        lock: { type: 'string' },
        'stale-timeout': { type: 'string' },
        'heartbeat-interval': { type: 'string' },
        wait: { type: 'string' },
        'checkpoint-every': { type: 'string' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error} (see --help)`);
  }
}

function readCount(option: string, value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new UsageError(`${option} must be a positive integer, but is '${value}'`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Searches upwards from this program, then from the working folder. */
function nearestNodeModules(): string {
  for (const start of [import.meta.dirname, process.cwd()]) {
    for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
      if (existsSync(join(folder, 'node_modules'))) return join(folder, 'node_modules');
    }
  }
  throw new UsageError('found no node_modules; name a folder');
}
