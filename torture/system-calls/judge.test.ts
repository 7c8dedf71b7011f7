import { expect, test } from 'vitest';
import { JOBS, type Job } from './jobs.js';
import { type Entry, type Evidence, fateOf, judge, SUCCESSOR, VICTIM } from './judge.js';

const DONE = { code: 0, signal: null, hasHung: false, errors: '' } as const;
const REFUSED = { ...DONE, code: 73, errors: 'livinglock: EIO\n' } as const;
const KILLED = { ...DONE, code: null, signal: 'SIGKILL' } as const;

function jobOf(name: string): Job {
  const job = JOBS.get(name);
  if (job === undefined) throw new Error(`There is no job ${name}.`);
  return job;
}

function stay(who: string, begunAt: number, isAlone = true): Entry[] {
  return [
    { who, what: 'begins', isAlone, at: begunAt },
    { who, what: 'ends', isAlone, at: 0 },
  ];
}

/** A run in which all went well, but for the changes. */
function evidence(changes: Partial<Evidence>): Evidence {
  return {
    job: jobOf('alive'),
    injected: 'openat(AT_FDCWD, "x") = -1 EIO (Input/output error) (INJECTED)',
    victim: DONE,
    isAbandoned: false,
    successor: DONE,
    log: [...stay(VICTIM, 1), ...stay(SUCCESSOR, 2)],
    left: [],
    harmed: [],
    ...changes,
  };
}

const UNSTARTED = stay(SUCCESSOR, 2);
const CUT = [...stay(VICTIM, 1).slice(0, 1), ...stay(SUCCESSOR, 2)];

test.each([
  ['all goes well', {}, 'unharmed'],
  ['a runner says why it starts nothing', { victim: REFUSED, log: UNSTARTED }, 'not started'],
  ['a runner says why it has ended its command', { victim: REFUSED, log: CUT }, 'cut short'],
  ['a runner says that something failed at the end', { victim: REFUSED }, 'reported'],
  ['a runner is killed', { victim: KILLED, log: CUT, isAbandoned: true }, 'killed'],
] as const)('%s: nothing is wrong', (_, changes, fate) => {
  expect(judge(evidence(changes))).toEqual([]);
  expect(fateOf(evidence(changes))).toBe(fate);
});

test.each([
  [{ log: [...stay(VICTIM, 1), ...stay(SUCCESSOR, 2, false)] }, /^the command of the successor began while/],
  [{ log: UNSTARTED }, /^it exited with 0, but its command has not run to its end/],
  [{ log: CUT }, /^it exited with 0, but its command has not run to its end/],
  [{ victim: { ...REFUSED, errors: '' } }, /^it exited with 73 and said nothing/],
  [{ victim: { ...REFUSED, code: 70 } }, /^it calls this a bug/],
  [{ victim: { ...REFUSED, errors: 'Error\n    at f (x.js:1:2)\n' } }, /^it calls this a bug/],
  [{ victim: { ...KILLED, hasHung: true } }, /^it did not end/],
  [{ victim: REFUSED, isAbandoned: true }, /^it ended while its command was still alive/],
  [{ successor: { ...DONE, code: 75 } }, /^the next run could not take the lock: 75/],
  [{ left: ['job.lock.guard'] }, /^left behind: job\.lock\.guard/],
  [{ harmed: ['job.lock.1'] }, /^changed, though it is somebody else's: job\.lock\.1/],
])('%o is a violation', (changes, violation) => {
  expect(judge(evidence(changes))).toEqual([expect.stringMatching(violation)]);
});

test('a message that could not be written is not missed', () => {
  const injected = 'write(2<pipe:[1]>, "livinglock: "..., 40) = -1 EIO (Input/output error) (INJECTED)';
  expect(judge(evidence({ injected, victim: { ...REFUSED, errors: '' } }))).toEqual([]);
});

test('a stale lock may be taken over from a command at work, but not from one that has just begun', () => {
  const met = (begunAt: number) =>
    judge(evidence({ job: jobOf('stale'), log: [...stay(VICTIM, 1), ...stay(SUCCESSOR, begunAt, false)] }));
  expect(met(2.1)).toEqual([]);
  expect(met(1.1)).toHaveLength(1);
});

test('whoever was held up does not begin beside a successor', () => {
  const log = [...stay(SUCCESSOR, 1), ...stay(VICTIM, 1.5, false)];
  expect(judge(evidence({ job: jobOf('stale'), log }))).toEqual([
    'the command of the victim began while another was at work',
  ]);
});
