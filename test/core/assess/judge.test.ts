import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineLiveness, judge as judgeRelated, type Verdict } from '../../../src/core/assess/judge.js';
import type { OwnerRelation } from '../../../src/core/assess/owner.js';
import { parseRecord } from '../../../src/core/record/record.js';
import type { Provenance, Stored } from '../../../src/core/store.js';
import type { Liveness } from '../../../src/system/processes/process-table.js';
import { HOUR, MINUTE, someIdentity, someRecord } from '../../../support/world.js';

function stored(changes: Partial<Stored> = {}): Stored {
  return { version: 'v1', record: someRecord(), age: 0, provenance: 'this-boot', ...changes };
}

/** By default the holder and the contender have no `owner` in common. */
function judge(
  found: Stored,
  liveness: Liveness,
  staleTimeout?: number,
  relation: OwnerRelation = 'none',
): Verdict {
  return judgeRelated(found, liveness, staleTimeout, relation);
}

describe('the judge', () => {
  it('finds a holder live that is alive and sends heartbeats', () => {
    expect(judge(stored(), 'alive', HOUR).state).toBe('live');
  });

  it('finds a holder dead if its process is gone, however fresh its heartbeat is', () => {
    expect(judge(stored(), 'dead', HOUR).state).toBe('dead');
  });

  it('finds a holder dead if its owner was restarted, unless it is seen alive', () => {
    expect(judge(stored(), 'unknown', HOUR, 'earlier-run').state).toBe('dead');
    expect(judge(stored(), 'alive', HOUR, 'earlier-run').state).toBe('live');
    expect(judge(stored(), 'unknown', HOUR, 'namesake').state).toBe('live');
  });

  it('says when a lock can be taken over whose holder cannot be seen', () => {
    const { reason } = judge(stored({ age: 8 * MINUTE }), 'unknown', HOUR);
    expect(reason).toBe(
      'its process cannot be checked from here: without another heartbeat, the lock can be taken over in 52 minutes',
    );
  });

  it('finds a lock that was released early held until its time is over, whatever happened to its holder', () => {
    const released = stored({
      record: someRecord({ hold: HOUR }),
      age: HOUR - 1,
      provenance: 'earlier-boot',
    });
    expect(judge(released, 'dead', 1).state).toBe('cooldown');
    expect(judge({ ...released, age: HOUR }, 'alive', 2 * HOUR).state).toBe('free');
  });

  it('finds a holder live at exactly the stale timeout, and stalled a millisecond later', () => {
    expect(judge(stored({ age: HOUR }), 'alive', HOUR).state).toBe('live');
    expect(judge(stored({ age: HOUR + 1 }), 'alive', HOUR).state).toBe('stalled');
  });

  it('uses the longer of the two timeouts', () => {
    const patientHolder = stored({ record: someRecord({ staleTimeout: 2 * HOUR }), age: 90 * MINUTE });
    expect(judge(patientHolder, 'alive', HOUR).state).toBe('live');
    const hastyHolder = stored({ record: someRecord({ staleTimeout: MINUTE }), age: 90 * MINUTE });
    expect(judge(hastyHolder, 'alive', 2 * HOUR).state).toBe('live');
    expect(judge(hastyHolder, 'alive', HOUR).state).toBe('stalled');
  });

  it("uses only the holder's timeout if there is no contender", () => {
    expect(
      judge(stored({ record: someRecord({ staleTimeout: MINUTE }), age: 2 * MINUTE }), 'alive').state,
    ).toBe('stalled');
    expect(judge(stored({ record: someRecord({ staleTimeout: null }), age: HOUR }), 'alive').state).toBe(
      'live',
    );
    expect(judge(stored({ record: someRecord({ staleTimeout: null }), age: HOUR + 1 }), 'alive').state).toBe(
      'stalled',
    );
  });

  it('never finds a holder stalled if it has no stale timeout and is seen alive', () => {
    const record = someRecord({ staleTimeout: Number.POSITIVE_INFINITY });
    expect(judge(stored({ record, age: 1e15 }), 'alive', HOUR).state).toBe('live');
    expect(judge(stored({ record, age: 1e15 }), 'dead', HOUR).state).toBe('dead');
  });

  it('counts an infinite timeout as an hour if nobody can see whether the holder is alive, and does not shorten finite ones', () => {
    const age = (hours: number, staleTimeout: number) =>
      stored({ record: someRecord({ staleTimeout }), age: hours * HOUR + 1, provenance: 'unknown' });
    const endless = Number.POSITIVE_INFINITY;
    expect(judge({ ...age(1, endless), age: HOUR }, 'unknown', MINUTE).state).toBe('live');
    expect(judge(age(1, endless), 'unknown', MINUTE).state).toBe('stalled');
    expect(judge(age(1, endless), 'unknown').state).toBe('stalled');
    expect(judge(age(1, MINUTE), 'unknown', endless).state).toBe('stalled');
    expect(judge(age(1, endless), 'unknown', endless).state).toBe('stalled');
    expect(judge(age(1, 2 * HOUR), 'unknown', endless).state).toBe('live');
    expect(judge(age(2, 2 * HOUR), 'unknown', endless).state).toBe('stalled');
  });

  it('waits at most an hour for a bare PID about which nothing is known', () => {
    const record = parseRecord('4242', new Date());
    for (const provenance of ['unknown', 'this-machine'] as const) {
      for (const timeout of [Number.POSITIVE_INFINITY, 5 * HOUR, HOUR]) {
        expect(judge(stored({ record, age: HOUR, provenance }), 'unknown', timeout).state).toBe('live');
        expect(judge(stored({ record, age: HOUR + 1, provenance }), 'unknown', timeout).state).toBe(
          'stalled',
        );
      }
    }
    expect(judge(stored({ record, age: MINUTE + 1 }), 'unknown', MINUTE).state).toBe('stalled');
    // It does not exist here, but may be on the other machine that wrote the file.
    expect(judge(stored({ record, age: HOUR + 1, provenance: 'unknown' }), 'dead', Infinity).state).toBe(
      'stalled',
    );
    expect(judge(stored({ record, age: 1e15 }), 'alive', Infinity).state).toBe('live');
  });

  it('finds every holder of an earlier boot dead', () => {
    expect(judge(stored({ provenance: 'earlier-boot' }), 'unknown', HOUR).state).toBe('dead');
    expect(judge(stored({ provenance: 'earlier-boot' }), 'alive', HOUR).state).toBe('dead');
  });

  it('accepts a bare PID as proof only if no other machine can have written it', () => {
    const record = parseRecord('4242', new Date());
    expect(judge(stored({ record, provenance: 'unknown' }), 'dead', HOUR).state).toBe('live');
    expect(judge(stored({ record, provenance: 'this-machine' }), 'dead', HOUR).state).toBe('dead');
  });

  it('leaves content that names nobody alone until it has been unchanged for two seconds', () => {
    expect(judge(stored({ record: null, age: 1999 }), 'unknown', HOUR).state).toBe('live');
    expect(judge(stored({ record: null, age: 2000 }), 'unknown', HOUR).state).toBe('dead');
  });

  const livenesses = fc.constantFrom<Liveness[]>('alive', 'dead', 'unknown');
  const provenances = fc.constantFrom<Provenance[]>('this-boot', 'earlier-boot', 'this-machine', 'unknown');
  const ages = fc.oneof(
    fc.double({ min: 0, noNaN: true }),
    fc.constantFrom(0, HOUR, HOUR + 1, Number.POSITIVE_INFINITY),
  );
  const records = fc.oneof(
    fc.constant(null),
    fc.constant(parseRecord('4242', new Date(0))),
    fc.record({ staleTimeout: fc.option(ages) }).map(({ staleTimeout }) => someRecord({ staleTimeout })),
  );

  it('has a verdict for everything, and never says dead without proof', () => {
    fc.assert(
      fc.property(records, livenesses, provenances, ages, fc.option(ages, { nil: undefined }), (...drawn) => {
        const [record, liveness, provenance, age, staleTimeout] = drawn;
        const { state, reason } = judge({ version: '', record, age, provenance }, liveness, staleTimeout);
        expect(['live', 'stalled', 'dead']).toContain(state);
        expect(reason).not.toBe('');
        if (state !== 'dead') return;
        const isProved =
          (record === null && age >= 2000) ||
          (record !== null && provenance === 'earlier-boot') ||
          (record !== null && liveness === 'dead');
        expect(isProved).toBe(true);
      }),
    );
  });

  it('never finds a fresh holder stalled, whatever the configurations are', () => {
    fc.assert(
      fc.property(ages, ages, ages, (age, contenders, holders) => {
        const verdict = judge(
          stored({ record: someRecord({ staleTimeout: holders }), age }),
          'alive',
          contenders,
        );
        expect(verdict.state).toBe(age > Math.max(contenders, holders) ? 'stalled' : 'live');
      }),
    );
  });
});

describe('several processes together', () => {
  it('are dead only when all of them are', () => {
    expect(combineLiveness(['dead', 'dead'])).toBe('dead');
    expect(combineLiveness(['dead', 'alive'])).toBe('alive');
    expect(combineLiveness(['dead', 'unknown'])).toBe('unknown');
    expect(combineLiveness([])).toBe('unknown');
  });

  it('keep the lock while a worker of a dead holder is alive', () => {
    const record = someRecord({ workers: [someIdentity({ pid: 4243 })] });
    expect(judge(stored({ record }), combineLiveness(['dead', 'alive']), HOUR).state).toBe('live');
  });
});
