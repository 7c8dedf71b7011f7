import { join } from 'node:path';
import { systemCode } from '../../system/system-code.js';
import type { FileSystemFinding } from '../file-system-report.js';
import { type Outcome, unsafe } from '../outcome.js';
import { exclusiveCreate } from './exclusive-create.js';
import { exclusiveRename } from './exclusive-rename.js';
import { hardLinks } from './hard-links.js';
import { names } from './names.js';
import type { Probe, Site } from './probe.js';
import { reboot } from './reboot.js';
import { removal } from './removal.js';
import { replacement } from './replacement.js';
import { sharedView } from './shared-view.js';
import { symbolicLinks } from './symbolic-links.js';
import { times } from './times.js';
import { wholeReads } from './whole-reads.js';

/** One for each thing that the file store assumes of a file system. */
const PROBES: readonly Probe[] = [
  exclusiveCreate,
  hardLinks,
  exclusiveRename,
  removal,
  replacement,
  symbolicLinks,
  names,
  times,
  sharedView,
  wholeReads,
  reboot,
];

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
