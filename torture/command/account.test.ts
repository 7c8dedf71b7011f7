import { expect, test } from 'vitest';
import { Chronicle } from '../chronicle.js';
import type { CommandMessage } from '../protocol.js';
import { RunAccount } from './account.js';
import type { Plan, Strike } from './plan.js';

const LEADER = 100;
const CHILD = 101;

const KILL_RUNNER_AND_CHILD: Strike = {
  name: 'kill',
  signal: 'SIGKILL',
  parts: ['runner', 'child'],
  when: 'work',
};

/** A run whose leader and child were at work from 1000 on, under a record of 900. */
function runWith(strike: Strike | null, changes: Partial<CommandMessage & { what: 'working' }> = {}) {
  const plan: Plan = { wait: 0, work: { leader: 1, child: 1 }, childIgnoresSignals: false, strike, delay: 0 };
  const chronicle = new Chronicle();
  const account = new RunAccount(plan, chronicle);
  account.hear({ what: 'started', leader: LEADER, child: CHILD });
  for (const pid of [CHILD, LEADER]) {
    account.hear({
      what: 'working',
      pid,
      fencingToken: 7,
      at: 1000,
      isAlone: true,
      recordedAt: 900,
      isGroupNamed: true,
      ...changes,
    });
  }
  return { account, chronicle };
}

test('a command is inside from its record until the last of its processes is done', () => {
  const { account, chronicle } = runWith(null);
  account.hear({ what: 'done', pid: LEADER, at: 1100 });
  account.hear({ what: 'alive', pid: CHILD, at: 1150 });
  account.hear({ what: 'done', pid: CHILD, at: 1200 });
  account.close({ code: 0, signal: null, at: 1300 }, '');

  expect(chronicle.stays).toMatchObject([
    { pid: LEADER, fencingToken: 7, acquiredAt: 900, insideUntil: 1200, end: 'released', endedAt: 1300 },
  ]);
  expect(chronicle.failures.size).toBe(0);
});

test('a process that is killed at work was inside until then, and one that was done before was not', () => {
  const [atWork, done] = [runWith(KILL_RUNNER_AND_CHILD), runWith(KILL_RUNNER_AND_CHILD)];
  done.account.hear({ what: 'done', pid: CHILD, at: 1050 });
  for (const { account, chronicle } of [atWork, done]) {
    account.hear({ what: 'done', pid: LEADER, at: 1100 });
    account.killed(CHILD, 1500);
    account.close({ code: null, signal: 'SIGKILL', at: 1500 }, '');
    expect(chronicle.failures.size).toBe(0);
  }

  expect(atWork.chronicle.stays).toMatchObject([{ insideUntil: 1500, end: 'killed', endedAt: 1500 }]);
  expect(done.chronicle.stays).toMatchObject([{ insideUntil: 1100, end: 'killed', endedAt: 1100 }]);
});

test('a command that meets another one says so, whichever of its processes has asked', () => {
  expect(runWith(null, { isAlone: false }).chronicle.stays).toMatchObject([{ metSomebody: true }]);
});

test('a record that does not name a command at work is a fault', () => {
  const { chronicle } = runWith(null, { recordedAt: null });
  expect([...chronicle.failures.keys()]).toEqual([
    'a command was at work while the lock file did not name it',
  ]);
});

test.each([
  ['a status that no strike explains', { code: 76, signal: null }, '', 'a run ended with 76: no message'],
  [
    'SIGKILL that nobody has sent',
    { code: null, signal: 'SIGKILL' },
    '',
    'a run ended with SIGKILL: no message',
  ],
  ['a message', { code: 0, signal: null }, 'trouble\n', 'a run ended with 0: trouble'],
  [
    'a busy lock after the command has worked',
    { code: 75, signal: null },
    '',
    'a run ended with 75: no message',
  ],
] as const)('%s is a fault', (_, end, errors, fault) => {
  const { account, chronicle } = runWith(null);
  account.close({ ...end, at: 1300 }, errors);
  expect([...chronicle.failures.keys()]).toEqual([fault]);
});
