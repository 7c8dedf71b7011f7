import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../src/verify/file-system-report.js';
import { type Evidence, figuresOf, findingsOf, type Stay } from '../../src/verify/findings.js';

/** A hold from one millisecond to another; later ones have greater tokens. */
function stay(pid: number, from: number, to: number, changes: Partial<Stay> = {}): Stay {
  return { pid, from, to, wasKilled: false, fencingToken: 1000 + from, ...changes };
}

function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    processes: 4,
    duration: 3000,
    stays: [stay(1, 0, 2), stay(2, 2, 5), stay(1, 6, 8)],
    turnedAway: 9,
    heartbeats: 6,
    postponed: 1,
    killed: 0,
    losses: [],
    failures: [],
    stuck: null,
    ...changes,
  };
}

/** The findings that are not safe, by their checks. */
function complaints(changes: Partial<Evidence>): Record<string, string> {
  const findings = findingsOf(evidence(changes)).filter(({ verdict }) => verdict !== 'safe');
  return Object.fromEntries(findings.map(({ check, verdict, message }) => [check, `${verdict}: ${message}`]));
}

describe('the findings of a contention', () => {
  it('are all safe if one hold followed the other', () => {
    expect(verdictOf(findingsOf(evidence()))).toBe('safe');
    expect(figuresOf(evidence())).toEqual({
      processes: 4,
      duration: 3000,
      acquisitions: 3,
      turnedAway: 9,
      heartbeats: 6,
      postponed: 1,
      killed: 0,
      killedHolding: 0,
      overlaps: 0,
      losses: 0,
      failures: 0,
      longestTakeover: null,
    });
  });

  it('name two processes that held the lock at once, in whatever order they reported', () => {
    const stays = [stay(3, 7, 9), stay(1, 0, 4), stay(2, 2.5, 6)];
    expect(complaints({ stays })).toEqual({
      exclusion: expect.stringMatching(
        /^unsafe: .*once in 3 acquisitions, for up to 1\.5 ms; .* PID 1 and PID 2\./,
      ),
    });
    expect(figuresOf(evidence({ stays })).overlaps).toBe(1);
  });

  it('see that a hold overlaps a long one across a short one', () => {
    expect(figuresOf(evidence({ stays: [stay(1, 0, 100), stay(2, 10, 11), stay(3, 50, 60)] })).overlaps).toBe(
      2,
    );
  });

  it('allow a hold after a holder was killed, but not before', () => {
    const killed = stay(1, 0, 4, { wasKilled: true });
    expect(complaints({ stays: [killed, stay(2, 4.5, 6)] })).toEqual({});
    expect(complaints({ stays: [killed, stay(2, 3.5, 6)] })).toHaveProperty('exclusion');
    expect(figuresOf(evidence({ stays: [killed, stay(2, 10, 12)] }))).toMatchObject({
      killedHolding: 1,
      longestTakeover: 6,
    });
  });

  it('name a process that lost the lock while alive', () => {
    expect(complaints({ losses: ['job.lock was lost'] })).toEqual({
      holding: expect.stringMatching(/^unsafe: .*once: job\.lock was lost/),
    });
  });

  it('say so if the lock could not be acquired in the end', () => {
    expect(complaints({ stuck: 'job.lock is held' })).toEqual({
      recovery: expect.stringMatching(/^unsafe: .*job\.lock is held/),
    });
  });

  it('say so if a fencing token did not grow', () => {
    expect(complaints({ stays: [stay(1, 0, 2), stay(2, 3, 4, { fencingToken: 1000 })] })).toEqual({
      'fencing-tokens': expect.stringMatching(/^unsafe: .*once/),
    });
  });

  it('are limited if the only problem was errors', () => {
    expect(complaints({ failures: ['ESTALE', 'EIO'] })).toEqual({
      failures: expect.stringMatching(/^limited: .*2 times: ESTALE/),
    });
  });

  it('are unsafe if nobody ever got the lock, and say why', () => {
    expect(complaints({ stays: [], failures: ['EROFS'] })).toEqual({
      exclusion: expect.stringMatching(/^unsafe: None of 4 processes could acquire a lock: EROFS/),
    });
  });
});
