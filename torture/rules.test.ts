import { describe, expect, test } from 'vitest';
import { findFaults, findOverlaps } from './rules.js';
import type { Stay } from './stay.js';
import { summarizeSuccession } from './succession.js';

const STALE_TIMEOUT = 1000;

/** A stay of one second that was acquired at that moment and released in order. */
function stayAt(acquiredAt: number, changes: Partial<Stay> = {}): Stay {
  return {
    holder: 'process',
    pid: acquiredAt,
    namespace: 0,
    fencingToken: acquiredAt,
    claimedAt: acquiredAt,
    lastBeatAt: acquiredAt,
    acquiredAt,
    metSomebody: false,
    insideUntil: acquiredAt + 1000,
    goneBy: acquiredAt + 1000,
    end: 'released',
    endedAt: Number.POSITIVE_INFINITY,
    ...changes,
  };
}

/** One second of a command, which was acquired at that moment, and whose runner waited for its end. */
function commandAt(acquiredAt: number, changes: Partial<Stay> = {}): Stay {
  return stayAt(acquiredAt, {
    holder: 'command',
    lastBeatAt: Number.POSITIVE_INFINITY,
    endedAt: acquiredAt + 1010,
    ...changes,
  });
}

/** One that was taken over at 2000, and learnt it at 3000, except where the test says otherwise. */
function takenOver(changes: Partial<Stay> = {}): Stay {
  return stayAt(0, { insideUntil: 3000, goneBy: 3000, end: 'lost', endedAt: 3000, ...changes });
}

function faultsOf(stays: readonly Stay[]): string[] {
  const overlaps = findOverlaps(stays, STALE_TIMEOUT);
  return [...overlaps.flatMap(({ fault }) => fault ?? []), ...findFaults(stays, overlaps, STALE_TIMEOUT)];
}

describe('of those who held the lock', () => {
  test('whoever came after the other had left did not overlap', () => {
    expect(findOverlaps([stayAt(0), stayAt(1000), stayAt(5000)], STALE_TIMEOUT)).toEqual([]);
  });

  test('the two that were inside at the same time did', () => {
    const [first, second, third] = [stayAt(0), stayAt(500), stayAt(1200)];
    const overlaps = findOverlaps([first, second, third], STALE_TIMEOUT);
    expect(overlaps.map(({ older, newer }) => [older, newer])).toEqual([
      [first, second],
      [second, third],
    ]);
  });

  test('one that was being killed did only if the kernel says so', () => {
    const dying = stayAt(0, { insideUntil: 500, goneBy: 800, end: 'killed', endedAt: 500 });
    expect(findOverlaps([dying, stayAt(600)], STALE_TIMEOUT)).toEqual([]);
    expect(findOverlaps([dying, stayAt(600, { metSomebody: true })], STALE_TIMEOUT)).toHaveLength(1);
  });

  test('one that was being killed did not if the kernel has seen another, who was taken over by right', () => {
    const stalled = takenOver();
    const dying = stayAt(2000, {
      insideUntil: 2020,
      goneBy: 2100,
      end: 'killed',
      endedAt: 2020,
      metSomebody: true,
    });
    const next = stayAt(2030, { metSomebody: true });
    const overlaps = findOverlaps([stalled, dying, next], STALE_TIMEOUT);
    expect(overlaps.map(({ older, newer }) => [older, newer])).toEqual([
      [stalled, dying],
      [stalled, next],
    ]);
    expect(faultsOf([stalled, dying, next])).toEqual([]);
  });
});

describe('an overlap', () => {
  test('is legitimate after a silence longer than the timeout, if the older one learns of it', () => {
    const overlaps = findOverlaps([takenOver(), stayAt(2000, { metSomebody: true })], STALE_TIMEOUT);
    expect(overlaps.map(({ fault }) => fault)).toEqual([null]);
    expect(faultsOf([takenOver(), stayAt(2000, { metSomebody: true })])).toEqual([]);
  });

  test('is legitimate if the older one was killed before it could learn', () => {
    expect(faultsOf([takenOver({ end: 'killed' }), stayAt(2000)])).toEqual([]);
  });

  test('is legitimate whichever of the two was the later to get its answer', () => {
    const late = takenOver({ acquiredAt: 2500 });
    expect(faultsOf([stayAt(2000), late])).toEqual([]);
  });

  test('is a fault if the older one had given a heartbeat in time', () => {
    const faults = faultsOf([takenOver({ lastBeatAt: 1500 }), stayAt(2000)]);
    expect(faults).toEqual([expect.stringContaining('taken over 500.000 ms after a heartbeat')]);
  });

  test('is a fault if the older one could still beat', () => {
    const faults = faultsOf([takenOver({ lastBeatAt: 2500, end: 'killed' }), stayAt(2000)]);
    expect(faults).toEqual([expect.stringContaining('could beat 500.000 ms after the takeover')]);
  });

  test('is a fault if the older one could still release', () => {
    const faults = faultsOf([takenOver({ end: 'released' }), stayAt(2000)]);
    expect(faults).toEqual([expect.stringContaining('the older one could release it')]);
  });
});

describe('a command', () => {
  test('is not overlapped by those that come after the last of its processes', () => {
    const killed = commandAt(2000, { end: 'killed', endedAt: 3000 });
    expect(faultsOf([commandAt(0), stayAt(1000), killed, commandAt(3000)])).toEqual([]);
  });

  test.each(['process', 'command'] as const)(
    'is never taken over by a %s while anything of it lives',
    (holder) => {
      const abandoned = commandAt(0, { insideUntil: 9000, goneBy: 9000, end: 'killed', endedAt: 9000 });
      expect(faultsOf([abandoned, stayAt(5000, { holder })])).toEqual([
        'PID 5000 (token 5000) and PID 0 (token 0) held the lock: something of the older one, a command, ' +
          'was alive for at least 4000.000 ms after the takeover',
      ]);
    },
  );

  test('may take over from a process that is silent for longer than the timeout', () => {
    const command = commandAt(2000, { metSomebody: true });
    expect(findOverlaps([takenOver(), command], STALE_TIMEOUT)).toHaveLength(1);
    expect(faultsOf([takenOver(), command])).toEqual([]);
    expect(faultsOf([takenOver({ lastBeatAt: 1500 }), command])).toEqual([
      expect.stringContaining('taken over 500.000 ms after a heartbeat'),
    ]);
  });

  test('that dies when the kernel finds it inside is overlapped', () => {
    const dying = commandAt(0, { insideUntil: 500, goneBy: 800, end: 'killed', endedAt: 500 });
    expect(faultsOf([dying, commandAt(600)])).toEqual([]);
    expect(faultsOf([dying, commandAt(600, { metSomebody: true })])).toHaveLength(1);
  });

  test('that has ended is not blamed for the company of a process that was silent for too long', () => {
    const silent = stayAt(0, { lastBeatAt: -5000, insideUntil: 100, goneBy: 800, end: 'killed' });
    const dying = commandAt(200, { insideUntil: 500, goneBy: 800, end: 'killed', endedAt: 500 });
    expect(faultsOf([silent, dying, stayAt(600, { metSomebody: true })])).toEqual([]);
  });

  test('that was heard of later than its successor is not overlapped by it', () => {
    const command = commandAt(0, { insideUntil: 500, goneBy: 5000, end: 'killed', endedAt: 500 });
    expect(findOverlaps([stayAt(600), command], STALE_TIMEOUT)).toEqual([]);
    expect(findOverlaps([stayAt(400), command], STALE_TIMEOUT)).toHaveLength(1);
  });

  test('that lives on after its runner has ended by itself is a fault', () => {
    expect(faultsOf([commandAt(0, { insideUntil: 1500, goneBy: 1500 })])).toEqual([
      'the command of PID 0 (token 0) was alive 490.000 ms after its runner had ended by itself',
    ]);
    expect(faultsOf([commandAt(0, { end: 'killed', insideUntil: 1500, goneBy: 1500 })])).toEqual([]);
  });
});

test('a lock that is lost soon after a heartbeat is a fault', () => {
  const faults = faultsOf([takenOver({ lastBeatAt: 2500 })]);
  expect(faults).toEqual([expect.stringContaining('lost the lock 500.000 ms after a heartbeat')]);
});

test('a fencing token that does not grow is a fault', () => {
  expect(faultsOf([stayAt(1000), stayAt(5000, { fencingToken: 1000 })])).toEqual([
    'PID 5000 got the token 1000 after PID 1000 got 1000',
  ]);
});

test('somebody inside who never said so is a fault', () => {
  expect(faultsOf([stayAt(0), stayAt(5000, { metSomebody: true })])).toEqual([
    'PID 5000 (token 5000) met somebody who is not known',
  ]);
});

test('the time after a death ends with the next acquisition, unless somebody had taken over before', () => {
  const killedAt = (acquiredAt: number, endedAt: number) => stayAt(acquiredAt, { end: 'killed', endedAt });
  const stays = [
    stayAt(0),
    killedAt(1000, 1500),
    killedAt(1503, 1600),
    killedAt(1610, 9000), // taken over by the next
    stayAt(5000),
    killedAt(9500, 9600), // nobody comes after it
  ];
  expect(summarizeSuccession(stays)).toEqual({ deaths: 2, median: 6.5, p99: 9.93, max: 10 });
  expect(summarizeSuccession([stayAt(0)]).deaths).toBe(0);
});

test('the time after a death is told apart by where the next holder is', () => {
  const deadIn = (namespace: number, endedAt: number) =>
    stayAt(endedAt - 100, { namespace, end: 'killed', endedAt });
  const stays = [
    deadIn(1, 1000),
    stayAt(1004, { namespace: 1 }),
    deadIn(1, 3000),
    stayAt(3008, { namespace: 2 }),
  ];
  const within = summarizeSuccession(stays, (dead, next) => dead.namespace === next.namespace);
  const between = summarizeSuccession(stays, (dead, next) => dead.namespace !== next.namespace);

  expect(within).toMatchObject({ deaths: 1, max: 4 });
  expect(between).toMatchObject({ deaths: 1, max: 8 });
});
