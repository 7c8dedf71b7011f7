// Finds a folder for locks: tests each candidate with `verifyFileSystem`, and picks the first safe one.
//
//     npm run example -- choose-folder [FOLDER...]
//
// Run this when you set up a job, not before each run: it takes a few seconds. Whether NFS, SMB, FUSE or a container volume is
// safe can only be found out by trying.

import { tmpdir } from 'node:os';
import { ErrLockStore, type FileSystemReport, verifyFileSystem } from 'livinglock';

const folders = process.argv.slice(2);
const candidates = folders.length > 0 ? folders : ['/run/lock', tmpdir(), '.'];

const chosen = await firstSafe(candidates);
if (chosen === null) {
  console.log('None of these is safe. Use a folder on a local disk.');
  process.exitCode = 1;
} else {
  console.log(`Use ${chosen}.`);
}

async function firstSafe(candidates: readonly string[]): Promise<string | null> {
  for (const folder of candidates) {
    const report = await verify(folder);
    if (report === null) continue;
    console.log(`${report.directory} (${report.fileSystem ?? 'unknown type'}): ${report.verdict}`);
    for (const { verdict, message } of report.findings) {
      if (verdict !== 'safe') console.log(`  ${message}`);
    }
    if (report.verdict === 'safe') return report.directory;
  }
  return null;
}

async function verify(folder: string): Promise<FileSystemReport | null> {
  try {
    return await verifyFileSystem(folder, { duration: '1s' });
  } catch (error) {
    // The folder does not exist, or is not writable.
    if (!(error instanceof ErrLockStore)) throw error;
    console.log(error.message);
    return null;
  }
}
