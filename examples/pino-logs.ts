// What happens to locks, as lines of a log with pino.
//
//     npm run example -- pino-logs
//
// Copy `logLocks`, and call it once, before the first lock is acquired.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { channels, tryWithLock } from 'livinglock';
import { type Logger, pino } from 'pino';

export function logLocks(logger: Logger): void {
  channels.takeover.subscribe(({ lock, predecessor: { record, ...verdict } }) => {
    const predecessor = { ...verdict, pid: record?.processId, progress: record?.progress };
    logger.warn({ lock, predecessor }, 'took over from a run that has not released the lock');
  });
  channels.acquired.subscribe(({ lock, fencingToken, waited }) => {
    logger.info({ lock, fencingToken, waited }, 'acquired');
  });
  // The messages of these errors say who holds the lock.
  channels.waiting.subscribe(({ lock, wait, error }) =>
    logger.info({ lock, wait }, `waits: ${error.message}`),
  );
  channels.busy.subscribe(({ lock, waited, error }) => logger.info({ lock, waited }, error.message));
  channels.heartbeat.subscribe(({ lock, progress, interval }) => {
    logger.debug({ lock, progress, interval }, 'heartbeat');
  });
  channels.lost.subscribe(({ lock, held, error }) => logger.error({ lock, held, err: error }, error.message));
  channels.released.subscribe(({ lock, held }) => logger.info({ lock, held }, 'released'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // A transport would write in another thread, and might lose what is logged while the process exits.
  logLocks(pino({ level: 'debug' }, pino.destination({ sync: true })));
  const path = process.argv[2] ?? join(import.meta.dirname, 'pino-logs.lock');
  await tryWithLock(path, { heartbeatMinimalInterval: 0 }, async (lock) => {
    await lock.heartBeat({ progress: 0.5, note: 'half-way' });
    // Another run starts meanwhile, and is skipped.
    await tryWithLock(path, () => {});
  });
}
