import { describe, expect, it } from 'vitest';
import { findingsOn, type Limits } from '../../../src/cli/check/findings.js';
import type { JobStatus } from '../../../src/cli/jobs/read-jobs.js';
import type { Run } from '../../../src/history/index.js';
import { DAY, HOUR, MINUTE, someRecord } from '../../../support/world.js';
import { ago, NOW, ranBefore, someHistory, someHolder, someJob, someLock } from '../jobs/some-jobs.js';

const NONE: Limits = {
  maxAge: undefined,
  maxSkips: undefined,
  maxRuntime: undefined,
  onFailure: 'critical',
};

function findings(job: Partial<JobStatus>, limits: Partial<Limits> = {}): string[] {
  const found = findingsOn(someJob(job), { ...NONE, ...limits }, NOW);
  return found.map(({ severity, text }) => `${severity}: ${text}`);
}

function limit(critical: number, warning: number | null = null) {
  return { warning, critical };
}

describe('a job', () => {
  it('is well if its last run succeeded, or the first one is at work', () => {
    expect(findings({})).toEqual([]);
    expect(findings({ lock: someLock('live') })).toEqual([]);
    expect(findings({ lock: someLock('live'), history: someHistory({ runs: [] }) })).toEqual([]);
    expect(findings({ lock: someLock('cooldown') })).toEqual([]);
  });

  it('that is being retried has not failed yet', () => {
    const history = (last: Partial<Run>) =>
      someHistory({
        runs: [ranBefore(HOUR), ranBefore(MINUTE, { outcome: 'failed', exitCode: 4, ...last })],
      });
    const attempt = { history: history({ id: 'its token', attempt: 1 }) };
    const holder = someRecord({ token: 'its token' });
    const failed = [expect.stringContaining('failed with exit status 4')];
    expect(findings({ ...attempt, lock: someLock('live', { holder }) })).toEqual([]);
    expect(findings({ ...attempt, lock: someLock('live') })).toEqual(failed);
    expect(findings({ ...attempt, lock: someLock('cooldown', { holder }) })).toEqual(failed);
    expect(findings({ ...attempt, lock: someLock('free') })).toEqual(failed);
    expect(findings({ history: history({ id: null }), lock: someLock('live', { holder }) })).toEqual(failed);
  });

  it('is unknown if nothing is known of it: it never ran, or its name was mistyped', () => {
    const nothing = ['unknown: no run has been recorded for this user'];
    const limits = { maxAge: limit(HOUR), maxSkips: limit(0), maxRuntime: limit(1) };
    expect(findings({ history: someHistory({ runs: [] }) }, limits)).toEqual(nothing);
    expect(findings({ lock: someLock('cooldown'), history: someHistory({ runs: [] }) })).toEqual(nothing);
    expect(findings({ lock: null, history: someHistory({ runs: [] }) })).toEqual(nothing);
    expect(findings({ history: someHistory({ runs: [], unreadable: 2 }) })).toEqual([
      'unknown: its history cannot be read',
    ]);
    expect(findings({ history: someHistory({ store: 'PostgreSQL at db/shop', runs: [] }) })).toEqual([
      `${nothing} on this machine (for a lock in a database, only --history records runs)`,
    ]);
  });

  it('is unknown as far as it cannot be read', () => {
    expect(findings({ lock: null, history: null, failures: ['no server', 'a\nfolder is missing'] })).toEqual([
      'unknown: no server',
      'unknown: a folder is missing',
    ]);
    const isOld = { lock: null, failures: ['no server'] };
    expect(findings(isOld, { maxAge: limit(MINUTE) })).toEqual([
      'unknown: no server',
      'critical: no success for 60 minutes',
    ]);
  });

  it('that is stalled, dead or no lock is critical', () => {
    const holder = someHolder({ timestamp: ago(3 * DAY) });
    expect(findings({ lock: someLock('stalled', { holder, heartbeatAge: 3 * DAY }) })).toEqual([
      'critical: stalled: PID 4242 on db-1 has sent no heartbeat for 3 days',
    ]);
    const dead = { lock: someLock('dead', { holder, reason: 'its process no longer exists' }) };
    expect(findings(dead)).toEqual([
      'critical: dead since Monday 12:00: its process no longer exists, and no run has taken over',
    ]);
    expect(findings(dead, { onFailure: 'warning' })).toEqual([expect.stringMatching(/^warning: dead/)]);
    const lost = ranBefore(HOUR, { id: holder.token, outcome: 'lost' });
    expect(findings({ ...dead, history: someHistory({ runs: [lost] }) })).toEqual([
      expect.stringMatching(/^critical: the last run \(.+\) lost its lock, and no run has taken over$/),
    ]);
    expect(findings({ lock: someLock('foreign', { reason: 'it begins with "name"' }) })).toEqual([
      'critical: not a lock: it begins with "name"',
    ]);
  });

  it.each<[Partial<Run>, string]>([
    [
      { outcome: 'not-started', reason: 'Cannot reach db. Check its address.' },
      'was not started: Cannot reach db. Check its address',
    ],
    [{ outcome: 'failed', exitCode: 4 }, 'failed with exit status 4'],
    [{ outcome: 'failed', exitCode: null }, 'failed'],
    [{ outcome: 'ended-by-signal', signal: 'SIGKILL' }, 'was ended by SIGKILL'],
    [{ outcome: 'ended-by-signal' }, 'was ended by a signal'],
    [{ outcome: 'stalled' }, 'stalled'],
    [{ outcome: 'timed-out' }, 'reached its time limit'],
    [{ outcome: 'lost' }, 'lost its lock'],
    [{ outcome: 'not-started', reason: 'There is no\ncommand x.' }, 'was not started: There is no command x'],
    [{ outcome: 'not-started' }, 'was not started'],
    [{ outcome: 'killed', progress: { ratio: 0.409, note: null } }, 'was killed, last seen at 40 %'],
    [{ outcome: 'killed', progress: null }, 'was killed'],
  ])('whose last run has %o %s', (changes, text) => {
    const history = someHistory({ runs: [ranBefore(2 * HOUR), ranBefore(29 * MINUTE, changes)] });
    expect(findings({ history })).toEqual([`critical: the last run (11:30) ${text}`]);
    expect(findings({ history }, { onFailure: 'warning' })).toEqual([
      `warning: the last run (11:30) ${text}`,
    ]);
    expect(findings({ history }, { onFailure: 'ok' })).toEqual([]);
  });

  describe('without a success for too long', () => {
    it('is critical, or a warning below the second limit', () => {
      const history = someHistory({ runs: [ranBefore(31.5 * HOUR)] });
      expect(findings({ history }, { maxAge: limit(31.5 * HOUR) })).toEqual([]);
      expect(findings({ history }, { maxAge: limit(26 * HOUR) })).toEqual([
        'critical: no success for 31 hours',
      ]);
      expect(findings({ history }, { maxAge: limit(50 * HOUR, 26 * HOUR) })).toEqual([
        'warning: no success for 31 hours',
      ]);
    });

    it('counts from the last success, not from a failure since', () => {
      const runs = [ranBefore(3 * DAY), ranBefore(2 * DAY), ranBefore(HOUR, { outcome: 'failed' })];
      expect(findings({ history: someHistory({ runs }) }, { maxAge: limit(DAY), onFailure: 'ok' })).toEqual([
        'critical: no success for 2 days',
      ]);
    });

    it('counts from the first run that is kept if none succeeded', () => {
      const runs = [ranBefore(3 * DAY, { outcome: 'failed' }), ranBefore(HOUR, { outcome: 'failed' })];
      expect(findings({ history: someHistory({ runs }) }, { maxAge: limit(DAY), onFailure: 'ok' })).toEqual([
        'critical: no success for at least 3 days',
      ]);
    });

    it('counts from the beginning of the first run if that is at work', () => {
      const lock = someLock('live', { holder: someHolder({ acquiredAt: ago(3 * HOUR) }) });
      expect(findings({ lock, history: someHistory({ runs: [] }) }, { maxAge: limit(HOUR) })).toEqual([
        'critical: no success for at least 3 hours',
      ]);
    });

    it('is unknown if the last success is in the future', () => {
      const history = someHistory({ runs: [ranBefore(-DAY)] });
      expect(findings({ history })).toEqual([]);
      expect(findings({ history }, { maxAge: limit(1) })).toEqual([
        'unknown: the last success is in the future (2026-11-27 12:00:00): the clock was wrong then, or is now',
      ]);
      // Clocks of several machines differ a little.
      const near = someHistory({ runs: [ranBefore(-5 * MINUTE)] });
      expect(findings({ history: near }, { maxAge: limit(1) })).toEqual([]);
      const failedSince = [ranBefore(-6 * MINUTE), ranBefore(HOUR, { outcome: 'failed' })];
      const limits = { maxAge: limit(1), onFailure: 'ok' } as const;
      expect(findings({ history: someHistory({ runs: failedSince }) }, limits)).toEqual([
        expect.stringMatching(/^unknown: the last success is in the future/),
      ]);
    });
  });

  describe('that is skipped too often', () => {
    const history = someHistory({ skips: { count: 14, first: ago(DAY), last: ago(MINUTE) } });

    it('names who holds the lock, and since when', () => {
      const holder = someHolder({ acquiredAt: ago(3 * DAY) });
      expect(findings({ lock: someLock('live', { holder }), history }, { maxSkips: limit(10) })).toEqual([
        'critical: skipped 14 times in a row: PID 4242 on db-1 has held it since Monday 12:00',
      ]);
      const old = someHolder({ processId: 7, acquiredAt: null, timestamp: ago(10 * DAY) });
      expect(findings({ lock: someLock('live', { holder: old }), history }, { maxSkips: limit(10) })).toEqual(
        ['critical: skipped 14 times in a row: PID 7 on db-1 has held it since 2026-11-16'],
      );
      expect(
        findings({ lock: someLock('cooldown', { holder: old }), history }, { maxSkips: limit(10) }),
      ).toEqual([
        'critical: skipped 14 times in a row: it has counted as held since 2026-11-16 (--hold-at-least)',
      ]);
    });

    it('says when that was last if nobody holds it now', () => {
      expect(findings({ history }, { maxSkips: limit(13) })).toEqual([
        'critical: skipped 14 times in a row: the last one 11:59',
      ]);
      expect(findings({ history }, { maxSkips: limit(20, 13) })).toEqual([
        expect.stringMatching(/^warning: skipped 14 times/),
      ]);
      expect(findings({ history }, { maxSkips: limit(14) })).toEqual([]);
    });

    it('does not count what was skipped before the last run', () => {
      const runs = [{ ...ranBefore(HOUR), skips: 14 }];
      expect(findings({ history: someHistory({ runs }) }, { maxSkips: limit(0) })).toEqual([]);
    });
  });

  describe('that runs for too long', () => {
    const holder = someHolder({ acquiredAt: ago(3 * HOUR) });
    const text = 'at work for 3 hours (usually 4 minutes): PID 4242 on db-1';
    const history = someHistory({ usualDuration: 4 * MINUTE });

    it('says for how long, and how long it usually takes', () => {
      const job = { lock: someLock('live', { holder }), history };
      expect(findings(job, { maxRuntime: limit(2 * HOUR) })).toEqual([`critical: ${text}`]);
      expect(findings(job, { maxRuntime: limit(4 * HOUR, 2 * HOUR) })).toEqual([`warning: ${text}`]);
      expect(findings(job, { maxRuntime: limit(3 * HOUR) })).toEqual([]);
    });

    it('is only one that is at work, and says since when', () => {
      const limits = { maxRuntime: limit(1) };
      expect(findings({ lock: someLock('cooldown', { holder }), history }, limits)).toEqual([]);
      const silent = someHolder({ acquiredAt: null });
      expect(findings({ lock: someLock('live', { holder: silent }), history }, limits)).toEqual([]);
      expect(findings({ lock: someLock('live', { holder: null }), history }, limits)).toEqual([]);
    });
  });
});
