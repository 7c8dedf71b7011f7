// A process of the torture: node program.js <settings as JSON>. It contends for the lock until it is told to finish or is killed.

import { type Store, systemClock } from 'livinglock';
import { fileStore } from 'livinglock/file';
import { breakageOf } from '../../support/breakages/index.js';
import { steppedFileSystem } from '../../support/stepped-file-system.js';
import type { StrikeSignal, WorkerSettings } from '../protocol.js';
import { Random } from '../random.js';
import { say } from './channel.js';
import { Contender } from './contender.js';
import { SelfStrike } from './self-strike.js';

const settings: WorkerSettings = JSON.parse(process.argv[2] ?? '');
const random = new Random(settings.seed);
const selfStrike = new SelfStrike(settings, random, strikeMyself);
const contender = new Contender(settings, random, makeStore(), selfStrike);

// Its parent is gone.
process.once('disconnect', () => process.exit());
process.once('message', () => {
  selfStrike.forgo();
  contender.finish();
});

try {
  await contender.contend();
} catch (error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  await say({ what: 'failed', error: text });
}
process.exit();

/** No message is pending while the library is at work, so this one is on its way before the signal comes. */
function strikeMyself(by: StrikeSignal, inGuard: boolean): void {
  void say({ what: 'striking', by, at: systemClock.monotonic(), inGuard });
  // A signal that a process sends to itself takes effect before kill(2) returns.
  process.kill(process.pid, by);
  void say({ what: 'resumed' });
}

function makeStore(): Store {
  const breakage = breakageOf(settings.breakage);
  const stepped = steppedFileSystem(() => selfStrike.step());
  const fileSystem = breakage?.fileSystem?.(stepped, systemClock) ?? stepped;
  const store = fileStore({ fileSystem });
  return breakage?.store?.(store, fileSystem) ?? store;
}
