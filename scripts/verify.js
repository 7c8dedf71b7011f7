// npm run verify -- DIR: says in plain words whether a lock can be kept in that folder.

import { parseArgs } from 'node:util';
import { ErrLockStore, formatFileSystemReport, verifyFileSystem } from 'livinglock';

const USAGE = 'Usage: npm run verify -- DIR [--processes 4] [--duration 3s] [--json]';
const HELP = `${USAGE}

Tries whether a lock can be kept in that folder: first the calls that the file store relies on, one by one, then
several processes that contend for a lock there, some of which are killed. Leaves nothing behind.

  --processes N  how many contend at a time (default: 4)
  --duration T   for how long, such as 10s (default: 3s)
  --json         the report as JSON
  --help         this text

Exit codes: 0 never two at once there, 1 unsafe, 64 wrong usage, 66 no such folder or nothing can be written there.`;

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      processes: { type: 'string' },
      duration: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit();
  }
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
