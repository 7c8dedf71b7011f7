// What each bundle must be able to do: take over from a dead holder, send a heartbeat that is written, tell its errors apart, verify a folder.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { acquire, ErrLockBusy, inspect, verifyFileSystem } from 'livinglock';
import { redisStore } from 'livinglock/redis';

const dead = spawnSync(process.execPath, ['--version']).pid;
writeFileSync('job.lock', JSON.stringify({ process_id: dead, timestamp: new Date().toISOString() }));
const lock = await acquire('job.lock', { heartbeatMinimalInterval: 0 });
await lock.heartBeat({ note: 'written' });
const { state, holder } = await inspect('job.lock');
const second = await acquire('job.lock').catch((error) => error);
await lock.release();
const { verdict } = await verifyFileSystem('.', { processes: 2, duration: '300ms' });
console.log(
  JSON.stringify({
    state,
    note: holder?.progress?.note,
    isBusy: second instanceof ErrLockBusy,
    verdict,
    redis: typeof redisStore,
  }),
);
