import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ErrLockStore } from '../core/errors.js';
import { describeType, systemFileSystem } from '../stores/file/file-system.js';
import { blockFor } from '../system/block-for.js';
import { systemClock } from '../system/clock.js';
import { callOnExit } from '../system/exit.js';
import { systemCode } from '../system/system-code.js';
import { runContention } from './contention.js';
import {
  adviceFor,
  type FileSystemFinding,
  type FileSystemReport,
  type Outcome,
  unsafe,
  verdictOf,
} from './file-system-report.js';
import { figuresOf, findingsOf } from './findings.js';
import { Crew, onlooker } from './helper/helper.js';
import { exclusivenessProbes } from './probes/exclusiveness.js';
import { fileProbes } from './probes/files.js';
import type { Probe, Site } from './probes/probe.js';
import { sharingProbes } from './probes/sharing.js';

/** Options that have been checked: all there, in milliseconds. */
export interface VerifySettings {
  readonly processes: number;
  readonly duration: number;
  readonly signal: AbortSignal | undefined;
}

/** One for each thing that the file store assumes of a file system. */
const PROBES: readonly Probe[] = [...exclusivenessProbes, ...fileProbes, ...sharingProbes];

/**
 * How often, and how many milliseconds apart, the removal is tried. A process that is being killed finishes the system call
 * that it is in, so a file may come after its folder was emptied; and a network file system may remember what is gone.
 * (The retries of Node's `rmSync` do not look again what is in the folder.)
 */
const TRIES = 20;
const PAUSE = 50;

/** Verifies a folder; see `verifyFileSystem`. */
export async function verification(directory: string, settings: VerifySettings): Promise<FileSystemReport> {
  const folder = new PrivateFolder(directory);
  const crew = new Crew();
  const giveUp = () => crew.killAll();
  const stayOnExit = callOnExit(() => {
    crew.killAll();
    folder.removeIfPossible();
  });
  settings.signal?.addEventListener('abort', giveUp, { once: true });
  try {
    return await examine(folder, crew, settings);
  } catch (error) {
    // Whatever has failed, it was because its processes were ended.
    settings.signal?.throwIfAborted();
    throw error;
  } finally {
    settings.signal?.removeEventListener('abort', giveUp);
    await crew.dismiss();
    stayOnExit();
    folder.remove();
  }
}

async function examine(
  folder: PrivateFolder,
  crew: Crew,
  { processes, duration, signal }: VerifySettings,
): Promise<FileSystemReport> {
  const fs = systemFileSystem;
  const site = { fs, folder: folder.path, onlooker: onlooker(await crew.hire()), now: systemClock.now };
  const probed = await probe(site, signal);
  const lock = join(folder.path, 'contention', 'job.lock');
  const evidence = await runContention(crew, { lock, processes, duration, signal });
  signal?.throwIfAborted();
  const findings = [...probed, ...findingsOf(evidence)];
  const verdict = verdictOf(findings);
  return {
    directory: folder.parent,
    fileSystem: describeType(fs, folder.path).name,
    verdict,
    findings,
    advice: adviceFor(verdict),
    figures: figuresOf(evidence),
  };
}

/** Runs all probes, each in a folder of its own below the site's. */
export async function probe(site: Site, signal?: AbortSignal): Promise<FileSystemFinding[]> {
  const findings: FileSystemFinding[] = [];
  for (const each of PROBES) {
    findings.push({ check: each.check, ...(await tryOut(each, site)) });
    signal?.throwIfAborted();
  }
  return findings;
}

/** A call that is not expected to fail is one that the store cannot do without. */
async function tryOut(each: Probe, site: Site): Promise<Outcome> {
  const folder = join(site.folder, each.check);
  try {
    site.fs.mkdirSync(folder);
    return await each.run({ ...site, folder });
  } catch (error) {
    if (!(error instanceof Error) || systemCode(error) === null) throw error;
    return unsafe(`A call fails that livinglock cannot do without: ${error.message}.`);
  }
}

/** A new folder in the one that is verified; nothing outside of it is touched. */
class PrivateFolder {
  /** The absolute path of the folder that is verified. */
  readonly parent: string;
  readonly path: string;

  /** Throws an {@link ErrLockStore} where there is no such folder, or where nothing can be written. */
  constructor(directory: string) {
    this.parent = resolve(directory);
    try {
      // Says more clearly than mkdir(2) what is wrong: there is nothing at that path, or something else.
      readdirSync(this.parent);
      this.path = mkdtempSync(join(this.parent, 'livinglock-verify-'));
    } catch (error) {
      throw ErrLockStore.from(this.parent, 'verify', error, {
        ENOENT: 'Name the folder in which the lock is to lie; it has to be there, and to take files.',
        ENOTDIR: 'Name the folder in which the lock is to lie, not a file.',
      });
    }
  }

  /** Throws an {@link ErrLockStore} if the folder cannot be removed. */
  remove(): void {
    for (let tries = 1; ; tries++) {
      try {
        rmSync(this.path, { recursive: true, force: true });
        return;
      } catch (error) {
        if (tries === TRIES) throw ErrLockStore.from(this.path, 'remove the folder', error);
        blockFor(PAUSE);
      }
    }
  }

  /** The same at the exit of the process, when nobody can be told any more. */
  removeIfPossible(): void {
    try {
      this.remove();
    } catch {
      // What stays says by its name where it comes from.
    }
  }
}
