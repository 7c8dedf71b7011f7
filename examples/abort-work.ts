// A download that stops when the job loses its lock: `lock.signal` aborts the `fetch` and the stream.
//
//     npm run example -- abort-work
//
// A download that hangs makes no progress, so the job sends no heartbeats and the next run takes over. Without the signal,
// the hung download could wake up hours later and go on writing.

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

// Sends half of the file, then nothing more, and keeps the connection open.
const server = createServer((_, response) => response.write('the first half, and '));
server.listen(0, '127.0.0.1');
await once(server, 'listening');

try {
  const lock = await acquire(path, { staleTimeout: '1s' });
  const downloading = Promise.allSettled([download(urlOf(server), join(scratch, 'report.txt'), lock)]);
  console.log('The download starts. It will hang.');

  // The next run. In production it is another process, but a second `acquire` in the same process behaves the same.
  await using next = await acquire(path, { staleTimeout: '1s', wait: '10s' });
  console.log(`The next run has taken over after a second without a heartbeat: token ${next.fencingToken}.`);

  const [outcome] = await downloading;
  console.log(`The download is ${outcome.status}.`);
  console.log(`The reason: ${lock.signal.reason}`);
} finally {
  server.closeAllConnections();
  server.close();
  await rm(scratch, { recursive: true });
}

async function download(url: string, file: string, lock: Lock): Promise<void> {
  const { signal } = lock;
  const response = await fetch(url, { signal });
  if (response.body === null) throw new Error(`${url} sent nothing`);
  await pipeline(response.body, (chunks) => beatForEach(chunks, lock), createWriteStream(file), { signal });
}

/** Each chunk that arrives proves progress, so a slow download keeps the lock, however long it takes. */
async function* beatForEach<T>(chunks: AsyncIterable<T>, lock: Lock): AsyncGenerator<T> {
  for await (const chunk of chunks) {
    yield chunk;
    await lock.heartBeat();
  }
}

function urlOf(listening: typeof server): string {
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('the server is not listening');
  return `http://127.0.0.1:${address.port}/`;
}
