import { join } from 'node:path';
import { systemFileSystem } from '../stores/file/file-system.js';
import { systemClock } from '../system/clock.js';
import { callOnExit } from '../system/exit.js';
import { runContention } from './contention/contention.js';
import { figuresOf, findingsOf } from './contention/findings.js';
import { adviceFor, type FileSystemReport, verdictOf } from './file-system-report.js';
import { describeType } from './file-system-type.js';
import { Crew } from './helper/crew.js';
import { onlooker } from './helper/onlooker.js';
import type { VerifySettings } from './options.js';
import { PrivateFolder } from './private-folder.js';
import { probe } from './probes/index.js';

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
