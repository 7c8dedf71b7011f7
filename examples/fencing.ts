// How a fencing token makes a database refuse a write that comes too late.
//
//     npm run example -- fencing
//
// A process can be paused between checking its lock and the write that follows: by garbage collection, a closed laptop lid, a
// hypervisor. When it wakes up, it writes, although another holder is already at work. No lock can prevent that. Only the
// receiver of the write can refuse it, and for that it needs one number: the greatest token it has seen.
//
// In SQL this is one condition: `UPDATE balances SET amount = $1, fence = $2 WHERE account = $3 AND fence <= $2`. If no row was
// updated, the write was refused. The idea is Martin Kleppmann's ("How to do distributed locking", 2016).

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquire, type Lock } from 'livinglock';

class StaleToken extends Error {}

/** Stands in for a database. It knows nothing about locks, only tokens. */
class Balances {
  readonly #amounts = new Map<string, number>();
  #greatestToken = 0;

  write(account: string, amount: number, fencingToken: number): void {
    if (fencingToken < this.#greatestToken) {
      throw new StaleToken(
        `token ${fencingToken} is out of date, a write with ${this.#greatestToken} came first`,
      );
    }
    this.#greatestToken = fencingToken;
    this.#amounts.set(account, amount);
  }

  read(account: string): number | undefined {
    return this.#amounts.get(account);
  }
}

const scratch = await mkdtemp(join(tmpdir(), 'livinglock-'));
const path = join(scratch, 'balances.lock');
const balances = new Balances();

try {
  const first = await acquire(path, { staleTimeout: '1s' });
  write('The first run', 100, first);
  console.log('The first run is paused in the middle of its work, without noticing.');

  // The next run. In production it is another process, but a second `acquire` in the same process behaves the same.
  await using second = await acquire(path, { staleTimeout: '1s', wait: '10s' });
  write('The second run', 250, second);

  console.log('The first run wakes up and continues.');
  write('The first run', 101, first);
  console.log(`The balance is ${balances.read('petty cash')}.`);
} finally {
  await rm(scratch, { recursive: true });
}

function write(who: string, amount: number, { fencingToken }: Lock): void {
  try {
    balances.write('petty cash', amount, fencingToken);
    console.log(`${who} writes ${amount} with token ${fencingToken}.`);
  } catch (error) {
    if (!(error instanceof StaleToken)) throw error;
    console.log(`${who} is refused: ${error.message}.`);
  }
}
