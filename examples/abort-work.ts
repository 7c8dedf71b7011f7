// A job that waits for others, and stops waiting when it has lost the lock: `lock.signal` ends what it has begun.
//
//     npm run example -- abort-work
//
// A download that hangs gives no heartbeats, as there is nothing to prove, and so the next run takes over. The hung one is not
// left behind to come to life hours later: the signal ends its `fetch` and its stream.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { acquire, type Lock } from 'livinglock';

const scratch = await mkdtemp(join(tmpdir(), 'livinglock-'));
const path = join(scratch, 'download.lock');

// Sends the beginning and then nothing more, and does not hang up either.
const server = createServer((_, response) => response.write('the first half, and '));
server.listen(0, '127.0.0.1');
await once(server, 'listening');

try {
  const lock = await acquire(path, { staleTimeout: '1s' });
  const downloading = Promise.allSettled([download(urlOf(server), join(scratch, 'report.txt'), lock)]);
  console.log('The download begins, and is about to hang.');

  // The next run. In earnest it is another process; a process that asks for its own lock is a contender like any other.
  await using next = await acquire(path, { staleTimeout: '1s', wait: '10s' });
  console.log(`The next run has taken over after a second without a heartbeat: token ${next.fencingToken}.`);

  const [outcome] = await downloading;
  console.log(`The download is ${outcome.status}.`);
  console.log(`The reason is an ${lock.signal.reason}`);
} finally {
  server.closeAllConnections();
  server.close();
  await rm(scratch, { recursive: true });
}

async function download(url: string, file: string, lock: Lock): Promise<void> {
  const { signal } = lock;
  const response = await fetch(url, { signal });
  if (response.body === null) throw new Error(`${url} has sent nothing`);
  await pipeline(response.body, (chunks) => beatForEach(chunks, lock), createWriteStream(file), { signal });
}

/** What arrives is the proof of work, so a download that is only slow keeps the lock, however long it takes. */
async function* beatForEach<T>(chunks: AsyncIterable<T>, lock: Lock): AsyncGenerator<T> {
  for await (const chunk of chunks) {
    yield chunk;
    await lock.heartBeat();
  }
}

function urlOf(listening: typeof server): string {
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}/`;
}
