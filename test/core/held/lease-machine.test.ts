import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ErrLockLost } from '../../../src/core/errors.js';
import {
  type Effect,
  type Lease,
  type LeaseEvent,
  newLease,
  transition,
} from '../../../src/core/held/lease-machine.js';
import { HOUR, MINUTE } from '../../../support/world.js';

const TERMS = { name: 'nightly', staleTimeout: HOUR };
const GONE: LeaseEvent = { type: 'gone', successor: null, toldTo: 'others' };
const GONE_FOR_GOOD: LeaseEvent = { type: 'gone', successor: null, toldTo: 'release' };

/** A lease that was acquired at 0, after these events. */
function leaseAfter(...events: readonly LeaseEvent[]): Lease {
  return events.reduce<Lease>((lease, event) => transition(lease, event, TERMS).lease, newLease(0));
}

/** The effects of the last of these events. */
function effectsOf(...events: readonly [LeaseEvent, ...LeaseEvent[]]): readonly Effect[] {
  const last = events.at(-1) ?? events[0];
  return transition(leaseAfter(...events.slice(0, -1)), last, TERMS).effects;
}

describe('a lease', () => {
  it('is held while the store answers, however old the last heartbeat is', () => {
    expect(leaseAfter({ type: 'time', at: 10 * HOUR })).toMatchObject({ is: 'held', confirmedAt: 0 });
    expect(
      leaseAfter(
        { type: 'unanswered', at: 1 },
        { type: 'confirmed', beatAt: null },
        { type: 'time', at: 10 * HOUR },
      ),
    ).toMatchObject({ is: 'held', confirmedAt: 0, trouble: null });
  });

  it('is lost a stale timeout after the last confirmed heartbeat if the store does not answer', () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.5:5432');
    const trouble: LeaseEvent = { type: 'unanswered', at: MINUTE, cause };
    expect(leaseAfter(trouble, { type: 'time', at: HOUR - 1 })).toMatchObject({
      is: 'held',
      trouble: { cause },
    });
    const lost = leaseAfter(trouble, { type: 'unanswered', at: 2 * MINUTE }, { type: 'time', at: HOUR });
    expect(lost).toMatchObject({ is: 'lost', mayBeOurs: true, error: { isCertain: false, cause } });
    expect(effectsOf(trouble, { type: 'time', at: HOUR })).toEqual(['end', 'interrupt', 'abort']);
    expect(
      leaseAfter({ type: 'confirmed', beatAt: MINUTE }, trouble, { type: 'time', at: HOUR }),
    ).toMatchObject({
      is: 'held',
    });
  });

  it('is lost then, too, if the server that answers takes no writes any longer, until one is written', () => {
    const cause = new Error("READONLY You can't write against a read only replica.");
    const demoted: LeaseEvent = { type: 'demoted', at: MINUTE, cause };
    const read: LeaseEvent = { type: 'confirmed', beatAt: 2 * MINUTE };
    const end: LeaseEvent = { type: 'time', at: HOUR };
    const silence: LeaseEvent = { type: 'unanswered', at: 3 * MINUTE };
    for (const events of [
      [demoted, read],
      [silence, demoted, read],
      [demoted, read, silence, read],
    ])
      expect(leaseAfter(...events, end)).toMatchObject({ is: 'lost', error: { isCertain: false, cause } });
    expect(leaseAfter(demoted, { ...read, writtenAt: 2 * MINUTE }, read, end)).toMatchObject({
      is: 'held',
      trouble: null,
    });
    expect(leaseAfter({ ...demoted, at: HOUR })).toMatchObject({ is: 'lost' });
  });

  it('accepts heartbeats in any order', () => {
    expect(
      leaseAfter({ type: 'confirmed', beatAt: MINUTE }, { type: 'confirmed', beatAt: MINUTE - 1 }),
    ).toMatchObject({ confirmedAt: MINUTE });
  });

  it('does not count a heartbeat as sent later than the clock says when the next one is written: a test has set it back', () => {
    const ahead: LeaseEvent = { type: 'confirmed', beatAt: HOUR };
    const written: LeaseEvent = { type: 'confirmed', beatAt: MINUTE, writtenAt: 2 * MINUTE };
    expect(leaseAfter(ahead, written)).toMatchObject({ confirmedAt: MINUTE });
    expect(leaseAfter({ type: 'confirmed', beatAt: 2 * MINUTE }, written)).toMatchObject({
      confirmedAt: 2 * MINUTE,
    });
  });

  it('is lost when the store names another holder, unless its own release is in flight', () => {
    expect(leaseAfter(GONE)).toMatchObject({ is: 'lost', mayBeOurs: false, error: { isCertain: true } });
    expect(effectsOf(GONE)).toEqual(['end', 'abort']);
    expect(leaseAfter({ type: 'release' }, GONE)).toMatchObject({ is: 'releasing' });
    expect(leaseAfter({ type: 'release' }, GONE_FOR_GOOD)).toMatchObject({ is: 'lost' });
  });

  it('sends another release to find out whether one in doubt was carried out', () => {
    const doubt: readonly [LeaseEvent, LeaseEvent] = [{ type: 'release' }, { type: 'release-failed' }];
    expect(leaseAfter(...doubt)).toMatchObject({ is: 'held', isReleaseInDoubt: true });
    expect(effectsOf(...doubt, GONE)).toEqual(['release']);
    expect(leaseAfter(...doubt, GONE)).toMatchObject({ is: 'held' });
    expect(leaseAfter(...doubt, { type: 'release' }, { type: 'released' })).toEqual({ is: 'released' });
    expect(leaseAfter(...doubt, { type: 'release' }, GONE_FOR_GOOD)).toMatchObject({ is: 'lost' });
  });

  it('is released as soon as the store answers again if nobody will call `release` any more', () => {
    const failed: readonly LeaseEvent[] = [
      { type: 'unwanted' },
      { type: 'release' },
      { type: 'release-failed' },
    ];
    expect(effectsOf({ type: 'confirmed', beatAt: null })).toEqual([]);
    const lease = leaseAfter(...failed);
    expect(transition(lease, { type: 'confirmed', beatAt: null }, TERMS).effects).toEqual(['release']);
  });

  it('is taken back when the store stays silent until it is lost if nobody will call `release` any more', () => {
    const silence: LeaseEvent = { type: 'unanswered', at: HOUR };
    expect(effectsOf({ type: 'unwanted' }, silence)).toEqual(['end', 'interrupt', 'abort', 'remove']);
    expect(effectsOf({ type: 'unwanted' }, { type: 'release' }, silence)).toContain('remove');
    expect(effectsOf({ type: 'unwanted' }, silence, { type: 'release' })).toEqual([]);
  });

  it('asks for nothing where nothing follows', () => {
    expect(effectsOf({ type: 'release' })).toEqual([]);
    expect(effectsOf({ type: 'release' }, { type: 'release-failed' })).toEqual([]);
    expect(effectsOf({ type: 'unwanted' })).toEqual([]);
    expect(effectsOf({ type: 'unwanted' }, { type: 'release' }, { type: 'confirmed', beatAt: 1 })).toEqual(
      [],
    );
    const silence: LeaseEvent = { type: 'unanswered', at: HOUR };
    expect(effectsOf(silence, { type: 'reported' })).toEqual([]);
    expect(effectsOf(silence, { type: 'time', at: 2 * HOUR })).toEqual([]);
  });

  it('that may be left behind in the store is removed once', () => {
    const lost = leaseAfter({ type: 'unanswered', at: HOUR });
    const first = transition(lost, { type: 'release' }, TERMS);
    expect(first.effects).toEqual(['remove']);
    expect(transition(first.lease, { type: 'release' }, TERMS).effects).toEqual([]);
    expect(effectsOf(GONE, { type: 'release' })).toEqual([]);
  });
});

const events = fc.oneof<fc.Arbitrary<LeaseEvent>[]>(
  fc.record({
    type: fc.constant('confirmed' as const),
    beatAt: fc.nat(3 * HOUR),
    writtenAt: fc.nat(3 * HOUR),
  }),
  fc.record({ type: fc.constant('demoted' as const), at: fc.nat(3 * HOUR), cause: fc.constant('READONLY') }),
  fc.record({
    type: fc.constant('confirmed' as const),
    beatAt: fc.option(fc.nat(3 * HOUR), { nil: null }),
  }),
  fc.record({
    type: fc.constant('gone' as const),
    successor: fc.constant(null),
    toldTo: fc.constantFrom('release' as const, 'others' as const),
  }),
  fc.record({ type: fc.constantFrom('time' as const, 'unanswered' as const), at: fc.nat(3 * HOUR) }),
  fc.record({
    type: fc.constantFrom(
      'release' as const,
      'released' as const,
      'release-failed' as const,
      'unwanted' as const,
      'reported' as const,
    ),
  }),
);

describe('from any sequence of events', () => {
  it('a lease that is over stays as it ended, and ends once', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (sequence) => {
        let lease = newLease(0);
        let ended: Lease['is'] | null = null;
        const seen: Effect[] = [];
        for (const event of sequence) {
          const next = transition(lease, event, TERMS);
          lease = next.lease;
          seen.push(...next.effects);
          if (ended !== null) expect(lease.is).toBe(ended);
          else if (lease.is === 'lost' || lease.is === 'released') ended = lease.is;
        }
        const count = (effect: Effect) => seen.filter((each) => each === effect).length;
        expect(count('end')).toBe(ended === null ? 0 : 1);
        expect(count('abort')).toBe(ended === 'lost' ? 1 : 0);
        expect(count('interrupt')).toBeLessThanOrEqual(count('abort'));
        expect(count('remove')).toBeLessThanOrEqual(count('interrupt'));
      }),
    );
  });

  it('one error reports the loss, and it stays reported', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (sequence) => {
        const losses = new Set<ErrLockLost>();
        let wasReported = false;
        let lease = newLease(0);
        for (const event of sequence) {
          ({ lease } = transition(lease, event, TERMS));
          if (lease.is !== 'lost') continue;
          losses.add(lease.error);
          expect(lease.isReported).toBe(wasReported || event.type === 'reported');
          wasReported = lease.isReported;
        }
        expect(losses.size).toBe(lease.is === 'lost' ? 1 : 0);
      }),
    );
  });

  it('silence is never reported as a loss before others may take over, or while the store answers', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (sequence) => {
        let lease = newLease(0);
        let confirmedAt = 0;
        let isSilent = false;
        let isDemoted = false;
        for (const event of sequence) {
          const before = lease;
          ({ lease } = transition(lease, event, TERMS));
          if (event.type === 'confirmed' && (event.writtenAt !== undefined || !isDemoted)) {
            const isAhead = event.writtenAt !== undefined && event.writtenAt < confirmedAt;
            confirmedAt = Math.max(isAhead ? 0 : confirmedAt, event.beatAt ?? 0);
            isSilent = false;
            isDemoted = false;
          }
          if (event.type === 'demoted') isDemoted = true;
          if (event.type === 'demoted' || event.type === 'unanswered') isSilent = true;
          const isTime = event.type === 'time' || event.type === 'demoted' || event.type === 'unanswered';
          if (!isTime || before.is === 'lost' || before.is === 'released') continue;
          expect(lease.is === 'lost').toBe(isSilent && event.at - confirmedAt >= HOUR);
        }
      }),
    );
  });

  it('after a release in doubt only the answer to a release, or silence, ends the lease', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (sequence) => {
        let lease = leaseAfter({ type: 'release' }, { type: 'release-failed' });
        for (const event of sequence) {
          const before = lease;
          ({ lease } = transition(lease, event, TERMS));
          if (before.is === lease.is || before.is === 'lost' || before.is === 'released') continue;
          if (lease.is === 'released') expect(event.type).toBe('released');
          if (lease.is === 'lost' && lease.error.isCertain)
            expect(event).toMatchObject({ toldTo: 'release' });
        }
      }),
    );
  });
});
