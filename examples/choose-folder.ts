// A safe place for locks: tries folders one after the other, and takes the first one where there are never two.
//
//     npm run example -- choose-folder [FOLDER...]
//
// For the set-up of a job, not for each of its runs: it takes some seconds. On NFS, SMB, FUSE or a volume of a container nobody
// can know without trying.

import { tmpdir } from 'node:os';
import { ErrLockStore, type FileSystemReport, verifyFileSystem } from 'livinglock';

const given = process.argv.slice(2);
const candidates = given.length > 0 ? given : ['/run/lock', tmpdir(), '.'];

const chosen = await firstSafe(candidates);
if (chosen === null) {
  console.log('None of them. Keep the lock in a folder on a local disk.');
  process.exitCode = 1;
} else {
  console.log(`Locks go to ${chosen}.`);
}

async function firstSafe(folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    const report = await tried(folder);
    if (report === null) continue;
    console.log(
      `${report.directory} (${report.fileSystem ?? 'of a type that is not known'}): ${report.verdict}`,
    );
    for (const { verdict, message } of report.findings) {
      if (verdict !== 'safe') console.log(`  ${message}`);
    }
    if (report.verdict === 'safe') return report.directory;
  }
  return null;
}

async function tried(folder: string): Promise<FileSystemReport | null> {
  try {
    return await verifyFileSystem(folder, { duration: '1s' });
  } catch (error) {
    // There is no such folder, or nothing can be written there.
    if (!(error instanceof ErrLockStore)) throw error;
    console.log(error.message);
    return null;
  }
}
