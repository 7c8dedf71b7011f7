import { join } from 'node:path';
import { systemClock } from '../clock.js';
import { callOnExit } from '../exit.js';
import { systemFileSystem } from '../stores/file/file-system.js';
import { runContention } from './contention/contention.js';
import { figuresOf, findingsOf } from './contention/findings.js';
import { describeType } from './file-system-type.js';
import { Crew } from './helper/crew.js';
import { onlooker } from './helper/onlooker.js';
import { readVerifyOptions, type VerifyOptions, type VerifySettings } from './options.js';
import { PrivateFolder } from './private-folder.js';
import { probe } from './probes/index.js';
import { adviceFor, type FileSystemReport, verdictOf } from './report.js';

/**
 * Finds out whether a lock can be kept in a folder: on NFS, SMB, FUSE, a volume of a container. First it tries, one by one,
 * the calls that the file store relies on; then several processes contend for a lock there, of which some are killed, and
 * it is checked by other means than files that never two hold it at once. It works in a new folder within the given
 * one, and removes it, and ends all its processes, whatever happens.
 *
 * What it says is of processes on this machine. It cannot try what happens between machines.
 *
 * Rejects with {@link ErrLockStore} if there is no such folder or nothing can be written there; with a `TypeError` or
 * `RangeError` for wrong parameters, before anything is touched; with the signal's reason when it aborts.
 *
 * The idea of such a checker is that of the Python package filelock (tox-dev).
 *
 * @example
 * const { verdict, findings } = await verifyFileSystem('/mnt/share', { duration: '10s' });
 * if (verdict === 'unsafe') throw new Error(findings.map(({ message }) => message).join('\n'));
 */
export async function verifyFileSystem(
  directory: string,
  options: VerifyOptions = {},
): Promise<FileSystemReport> {
  const settings = readVerifyOptions(options);
  if (typeof directory !== 'string' || directory === '') {
    throw new TypeError('The folder to verify must be a string that is not empty.');
  }
  settings.signal?.throwIfAborted();
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
