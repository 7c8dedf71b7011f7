// As job.mjs, in CommonJS.
const { spawnSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const { acquire, ErrLockBusy, inspect, verifyFileSystem } = require('livinglock');
const { redisStore } = require('livinglock/redis');

async function main() {
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
}

main();
