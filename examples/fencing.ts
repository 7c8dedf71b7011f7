// Writes that come too late, and are refused: what the fencing token is for.
//
//     npm run example -- fencing
//
// No lock can stop a process that is paused between "I hold the lock" and the write that follows: by garbage collection, by a
// laptop's lid, by a hypervisor. It writes when it wakes up, with the next holder at work already. Only the place where it
// writes can refuse that, and to do so it needs no more than one number: the greatest token it has seen.
//
// In SQL it is one condition: `UPDATE balances SET amount = $1, fence = $2 WHERE account = $3 AND fence <= $2`, and no row
// updated means refused. The idea is Martin Kleppmann's ("How to do distributed locking", 2016).

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquire, type Lock } from 'livinglock';

class FencedOut extends Error {}

/** Stands for a database: it knows nothing of locks, and trusts nobody who says to hold one. */
class Balances {
  readonly #amounts = new Map<string, number>();
  #greatestToken = 0;

  write(account: string, amount: number, fencingToken: number): void {
    if (fencingToken < this.#greatestToken) {
      throw new FencedOut(`the token ${fencingToken} is out of date, ${this.#greatestToken} was here`);
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
  const early = await acquire(path, { staleTimeout: '1s' });
  write('The early one', 100, early);
  console.log('The early one is paused, in the middle of its work. It does not notice.');

  // The next run. In earnest it is another process; a process that asks for its own lock is a contender like any other.
  await using late = await acquire(path, { staleTimeout: '1s', wait: '10s' });
  write('The late one', 250, late);

  console.log('The early one wakes up and goes on where it was.');
  write('The early one', 101, early);
  console.log(`The balance is ${balances.read('petty cash')}.`);
} finally {
  await rm(scratch, { recursive: true });
}

function write(who: string, amount: number, { fencingToken }: Lock): void {
  try {
    balances.write('petty cash', amount, fencingToken);
    console.log(`${who} writes ${amount} with its token ${fencingToken}.`);
  } catch (error) {
    if (!(error instanceof FencedOut)) throw error;
    console.log(`${who} is refused: ${error.message}.`);
  }
}
