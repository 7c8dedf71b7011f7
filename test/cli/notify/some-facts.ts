import type { Facts } from '../../../src/cli/notify/event.js';

/** What is known about a run of a job in the middle of its work. */
export function someFacts(changes: Partial<Facts> = {}): Facts {
  return {
    id: 'a-token',
    lock: '/srv/shop/backup.lock',
    store: null,
    outcome: null,
    startedAt: new Date('2026-11-26T12:00:00.000Z'),
    duration: 3000,
    exitCode: null,
    signal: null,
    reason: null,
    command: './backup.sh --all',
    owner: null,
    fencingToken: 7,
    progress: { ratio: 0.4, note: 'table 4' },
    predecessor: null,
    ...changes,
  };
}
