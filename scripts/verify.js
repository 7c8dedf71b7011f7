// npm run verify -- DIR: says in plain words whether a lock can be kept in that folder.
// Exit code 0: never two at once there; 1: unsafe; 64: wrong usage; 66: no such folder, or nothing can be written there.

import { parseArgs } from 'node:util';
import { ErrLockStore, formatFileSystemReport, verifyFileSystem } from 'livinglock';

const USAGE = 'Usage: npm run verify -- DIR [--processes 4] [--duration 3s] [--json]';

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      processes: { type: 'string' },
      duration: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [directory, ...rest] = positionals;
  if (directory === undefined || rest.length > 0) throw new TypeError('Name one folder.');
  const report = await verifyFileSystem(directory, {
    ...(values.processes !== undefined && { processes: Number(values.processes) }),
    ...(values.duration !== undefined && { duration: values.duration }),
  });
  console.log(values.json ? JSON.stringify(report, null, 2) : formatFileSystemReport(report));
  process.exitCode = report.verdict === 'unsafe' ? 1 : 0;
} catch (error) {
  const isUsage = error instanceof TypeError || error instanceof RangeError;
  if (!isUsage && !(error instanceof ErrLockStore)) throw error;
  console.error(error.message);
  if (isUsage) console.error(USAGE);
  process.exitCode = isUsage ? 64 : 66;
}
