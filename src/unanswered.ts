import { randomUUID } from 'node:crypto';
import { ErrLockBusy } from './errors.js';
import type { ProcessIdentity } from './record.js';

/** Tokens of claims that have failed, by whose they are. */
const unanswered = new Map<string, string>();

/**
 * Gives a token to claim a lock with. It is unique to this claim, except after one that has failed: then a store may have
 * carried out that one all the same, with only the answer lost, and the lock is held by a living process that does not know
 * it. So the next claim gets the same token, by which the process recognizes what is its own.
 */
export async function withToken<T>(
  name: string,
  { pid, started }: ProcessIdentity,
  claim: (token: string) => Promise<T>,
): Promise<T> {
  const key = `${pid} ${started} ${name}`;
  const left = unanswered.get(key);
  // So that no other claim that runs at the same time takes it too.
  unanswered.delete(key);
  const token = left ?? randomUUID();
  try {
    return await claim(token);
  } catch (error) {
    if (left !== undefined || !(error instanceof ErrLockBusy)) unanswered.set(key, token);
    throw error;
  }
}
