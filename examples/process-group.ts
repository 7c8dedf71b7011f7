// A job that runs a shell pipeline: the lock is held as long as any process of the pipeline lives.
//
//     npm run example -- process-group
//
// The shell may exit before the programs that it started in the background. The job may be killed while all of them keep running.
// So the lock names the whole process group, which the shell leads because it is started with `detached: true`. Ctrl-C then
// reaches only this job, which ends the group.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { withLock } from 'livinglock';

const path = process.argv[2] ?? join(import.meta.dirname, 'process-group.lock');

const PIPELINE =
  'for table in orders customers prices; do echo "dumping $table"; sleep 0.3; done | tr a-z A-Z';

await withLock(path, { staleTimeout: '10m' }, async (lock) => {
  const pipeline = spawn('/bin/sh', ['-c', PIPELINE], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(pipeline, 'exit');
  const { pid } = pipeline;
  if (pid === undefined) throw new Error('The shell did not start.');
  const end = () => process.kill(-pid, 'SIGTERM');
  lock.signal.addEventListener('abort', end);
  process.once('SIGINT', end).once('SIGTERM', end);
  await lock.setWorkers([{ group: pid }]);
  const [status] = await ended;
  if (status !== 0) throw new Error(`The pipeline exited with ${status}.`);
});
console.log('done');
