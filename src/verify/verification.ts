import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ErrLockStore } from '../core/errors.js';
import { systemFileSystem } from '../stores/file/file-system.js';
import { typeOf } from '../stores/file/file-system-type.js';
import { attempt } from '../system/attempt.js';
import { blockFor } from '../system/block-for.js';
import { systemClock } from '../system/clock.js';
import { isError } from '../system/is-error.js';
import { callOnExit } from '../system/on-exit.js';
import { systemCode } from '../system/system-code.js';
import { type ContentionRules, runContention } from './contention.js';
import {
  adviceFor,
  type CheckResult,
  type FileSystemFinding,
  type FileSystemReport,
  unsafe,
  verdictOf,
} from './file-system-report.js';
import { figuresOf, findingsOf } from './findings.js';
import { Crew, onlooker, refuseWithoutNode } from './helper/helper.js';
import { exclusivenessProbes } from './probes/exclusiveness.js';
import { fileProbes } from './probes/files.js';
import type { Probe, Site } from './probes/probe-types.js';
import { sharingProbes } from './probes/sharing.js';
import { signProbes } from './probes/signs-of-life.js';

/** Options after the check: complete, in milliseconds. */
export interface VerifySettings {
  readonly processes: number;
  readonly duration: number;
  readonly signal: AbortSignal | undefined;
}

type Acquire = ContentionRules['acquire'];

/** One for each assumption that the file store makes about a file system. */
const PROBES: readonly Probe[] = [...exclusivenessProbes, ...fileProbes, ...sharingProbes, ...signProbes];

/**
 * How often, and how many milliseconds apart, to try the removal. A process that is being killed finishes its current system
 * call, so a file may appear after its folder was emptied; and a network file system may still list what is gone.
 * (The retries of Node's `rmSync` do not read the folder again.)
 */
const TRIES = 20;
const PAUSE = 50;

/** Verifies a folder; see `verifyFileSystem`. */
export async function verification(
  directory: string,
  settings: VerifySettings,
  acquire: Acquire,
): Promise<FileSystemReport> {
  refuseWithoutNode();
  const folder = makeFolderIn(resolve(directory));
  const crew = new Crew();
  const giveUp = () => crew.killAll();
  const stayOnExit = callOnExit(() => {
    crew.killAll();
    // The name of what stays tells where it comes from.
    attempt(() => removeTree(folder), undefined);
  });
  settings.signal?.addEventListener('abort', giveUp, { once: true });
  try {
    return await check(folder, crew, settings, acquire);
  } catch (error) {
    // Whatever failed did so because the helpers were ended.
    settings.signal?.throwIfAborted();
    throw error;
  } finally {
    settings.signal?.removeEventListener('abort', giveUp);
    await crew.dismiss();
    stayOnExit();
    removeTree(folder);
  }
}

async function check(
  folder: string,
  crew: Crew,
  { processes, duration, signal }: VerifySettings,
  acquire: Acquire,
): Promise<FileSystemReport> {
  const fs = systemFileSystem;
  const site = { fs, folder, onlooker: onlooker(await crew.hire()), now: systemClock.now };
  const probed = await probe(site, signal);
  const lock = join(folder, 'contention', 'job.lock');
  const evidence = await runContention(crew, { lock, processes, duration, signal, acquire });
  signal?.throwIfAborted();
  const findings = [...probed, ...findingsOf(evidence)];
  const verdict = verdictOf(findings);
  return {
    directory: dirname(folder),
    fileSystem: typeOf(fs, folder).name,
    verdict,
    findings,
    advice: adviceFor(verdict),
    figures: figuresOf(evidence),
  };
}

/** Runs all probes, each in its own folder below the site's. */
export async function probe(site: Site, signal?: AbortSignal): Promise<FileSystemFinding[]> {
  const findings: FileSystemFinding[] = [];
  for (const each of PROBES) {
    findings.push({ check: each.check, ...(await tryOut(each, site)) });
    signal?.throwIfAborted();
  }
  return findings;
}

/** A call that is not expected to fail is one that the store cannot do without. */
async function tryOut(each: Probe, site: Site): Promise<CheckResult> {
  const folder = join(site.folder, each.check);
  try {
    site.fs.mkdirSync(folder);
    return await each.run({ ...site, folder });
  } catch (error) {
    if (!isError(error) || systemCode(error) === null) throw error;
    return unsafe(`A call that livinglock depends on fails: ${error.message}.`);
  }
}

/** A new folder, in the one that is verified; nothing outside of it is touched. Throws an {@link ErrLockStore} if there can be none. */
function makeFolderIn(directory: string): string {
  try {
    // Clearer than mkdir(2) about what is wrong: nothing is at that path, or something other than a folder.
    readdirSync(directory);
    return mkdtempSync(join(directory, 'livinglock-verify-'));
  } catch (error) {
    throw ErrLockStore.from(directory, 'verify', error, {
      ENOENT: 'Give the folder to keep the lock in; it must exist and be writable.',
      ENOTDIR: 'Give the folder to keep the lock in, not a file.',
    });
  }
}

/** Throws an {@link ErrLockStore} if the folder cannot be removed. */
function removeTree(folder: string): void {
  for (let tries = 1; ; tries++) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tries === TRIES) throw ErrLockStore.from(folder, 'remove the folder', error);
      blockFor(PAUSE);
    }
  }
}
