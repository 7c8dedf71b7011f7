import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fitCwd,
  fitText,
  fitUser,
  type LockRecord,
  parseRecord,
  serializeRecord,
} from '../../../src/core/record/record.js';
import type { ProcessIdentity } from '../../../src/system/processes/process-identity.js';
import { someIdentity, someRecord } from '../../../support/world.js';

const EPOCH = new Date(0);

function changed(changes: Record<string, unknown>): LockRecord | null {
  const parsed: unknown = JSON.parse(serializeRecord(someRecord()));
  return parseRecord(JSON.stringify({ ...Object(parsed), ...changes }), EPOCH);
}

describe('a record', () => {
  it("is one JSON object whose first two keys are the Go package's", () => {
    const text = serializeRecord(someRecord());
    expect(Object.keys(JSON.parse(text)).slice(0, 2)).toEqual(['process_id', 'timestamp']);
    expect(JSON.parse(text)).toMatchObject({
      process_id: 4242,
      timestamp: '2026-01-02T03:04:05.678Z',
      fencing_token: 1_767_323_045_678_000,
      stale_timeout_ms: 3_600_000,
      process: {
        pid: 4242,
        hostname: 'db-1',
        boot_id: 'boot-1',
        pid_namespace: 'pid:[4026531836]',
        started: '5881234',
      },
      progress: { ratio: 0.5, note: 'half-way' },
    });
  });

  it('writes an infinite timeout as null', () => {
    const record = someRecord({ staleTimeout: Number.POSITIVE_INFINITY });
    expect(JSON.parse(serializeRecord(record))).toHaveProperty('stale_timeout_ms', null);
    expect(parseRecord(serializeRecord(record), EPOCH)).toEqual(record);
  });

  it('fits into one block of a disk, whatever the job says about itself', () => {
    const identity = someIdentity({
      pid: 2 ** 31 - 1,
      hostname: 'h'.repeat(253),
      bootId: randomUUID(),
      pidNamespace: `pid:[${2 ** 32 - 1}]`,
      started: EPOCH.toISOString(),
    });
    for (const character of ['x', 'ジ', '"', '\u001b', '🔒', '\ud800']) {
      const long = character.repeat(100_000);
      const record = someRecord({
        process: identity,
        workers: [identity, identity, identity, identity],
        command: fitText(long),
        fencingToken: Number.MAX_SAFE_INTEGER - 2 ** 32,
        staleTimeout: 1e15 / 3,
        monotonic: 1e12 / 3,
        user: fitUser(long),
        cwd: fitCwd(long),
        owner: '"'.repeat(64),
        hold: 1e12 / 3,
        progress: { ratio: 1 / 3, note: fitText(long) },
      });
      expect(Buffer.byteLength(serializeRecord(record))).toBeLessThan(4096);
      expect(parseRecord(serializeRecord(record), EPOCH)).toEqual(record);
    }
  });

  const texts = fc.string({ minLength: 1, maxLength: 200, unit: 'binary' }).map(fitText);
  const dates = fc.date({ noInvalidDate: true });
  const identities: fc.Arbitrary<ProcessIdentity> = fc.record({
    pid: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    hostname: texts,
    bootId: fc.option(texts),
    pidNamespace: fc.option(texts),
    started: fc.option(texts),
  });
  const records: fc.Arbitrary<LockRecord> = fc
    .record({
      timestamp: dates,
      token: fc.option(fc.uuid()),
      fencingToken: fc.option(fc.nat()),
      acquiredAt: fc.option(dates),
      staleTimeout: fc.option(fc.oneof(fc.integer({ min: 1 }), fc.constant(Number.POSITIVE_INFINITY))),
      monotonic: fc.option(fc.double({ min: -1e9, max: 1e12, noNaN: true }).map((value) => value + 0)),
      process: identities,
      workers: fc.array(identities, { maxLength: 4 }),
      command: fc.option(texts),
      user: fc.option(texts.map(fitUser)),
      cwd: fc.option(texts.map(fitCwd)),
      owner: fc.option(texts),
      hold: fc.option(fc.double({ min: 1, max: 1e12, noNaN: true })),
      progress: fc.option(
        fc.record({ ratio: fc.option(fc.constantFrom(0, 0.25, 1)), note: fc.option(texts) }),
      ),
    })
    .map((record) => ({ ...record, processId: record.process.pid }));

  it('survives being written and read', () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(parseRecord(serializeRecord(record), EPOCH)).toEqual(record);
      }),
    );
  });
});

describe('lock files of other software', () => {
  it('are understood if the Go package wrote them, including nanoseconds and time zone', () => {
    const record = parseRecord(
      '{"process_id":4242,"timestamp":"2026-01-02T12:04:05.678901234+09:00"}',
      EPOCH,
    );
    expect(record).toMatchObject({
      processId: 4242,
      timestamp: new Date('2026-01-02T03:04:05.678Z'),
      token: null,
    });
    expect(record?.process).toEqual({
      pid: 4242,
      hostname: null,
      bootId: null,
      pidNamespace: null,
      started: null,
    });
  });

  it('are understood if they contain only a number; the heartbeat is when the file was changed', () => {
    for (const text of ['4242', '4242\n', '  4242 \r\n']) {
      expect(parseRecord(text, new Date(77))).toMatchObject({ processId: 4242, timestamp: new Date(77) });
    }
  });
});

describe('text that is not a record', () => {
  it.each([0, -1, 2 ** 31, 1.5, '4242', null, Number.NaN])('has the PID %s', (pid) => {
    expect(changed({ process_id: pid })).toBeNull();
  });

  it.each(['0', '-1', '2147483648', '99999999999', '4242 4243', '', ' ', 'x', '4242x'])(
    'is the text %j',
    (text) => {
      expect(parseRecord(text, EPOCH)).toBeNull();
    },
  );

  it.each(['', 'yesterday', '2026', 1234, null, '2026-13-45T00:00:00Z', '+275760-09-13T00:00:00.001Z', {}])(
    'has the timestamp %j',
    (timestamp) => {
      expect(changed({ timestamp })).toBeNull();
    },
  );

  it.each([
    '[]',
    '"text"',
    'null',
    'true',
    '{}',
    '{"process_id":1}',
    '['.repeat(60_000),
    '{"a":'.repeat(10_000),
  ])('is the JSON %#', (text) => {
    expect(parseRecord(text, EPOCH)).toBeNull();
  });

  it('never makes the parser throw, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.uint8Array().map(String)), (text) => {
        const record = parseRecord(text, EPOCH);
        if (record !== null) expect(record.processId).toBeGreaterThan(0);
      }),
    );
  });
});

describe('a record with nonsense in it', () => {
  it('is used for what makes sense in it', () => {
    const nonsense = {
      token: 7,
      fencing_token: 2 ** 53,
      acquired_at: 'soon',
      stale_timeout_ms: -1,
      monotonic_ms: 'high',
      process: { pid: 'x' },
      workers: [null, 3, { pid: -1 }],
      command: {},
      user: [],
      cwd: 7,
      owner: 7,
      hold_ms: -1,
      progress: 'half',
    };
    expect(changed(nonsense)).toEqual({
      processId: 4242,
      timestamp: new Date('2026-01-02T03:04:05.678Z'),
      token: null,
      fencingToken: null,
      acquiredAt: null,
      staleTimeout: null,
      monotonic: null,
      process: { pid: 4242, hostname: null, bootId: null, pidNamespace: null, started: null },
      workers: [],
      command: null,
      user: null,
      cwd: null,
      owner: null,
      progress: null,
      hold: null,
    });
  });

  it.each(['7', -1, 1.5, Number.MAX_SAFE_INTEGER, null, []])(
    'has no fencing token if that is %j',
    (token) => {
      expect(changed({ fencing_token: token })?.fencingToken).toBeNull();
      expect(changed({ fencing_token: 0 })?.fencingToken).toBe(0);
    },
  );

  it.each(['0.5', -0.1, 1.1, null])('has no progress if its ratio is %j, but its note', (ratio) => {
    expect(changed({ progress: { ratio, note: 'table 4' } })?.progress).toEqual({
      ratio: null,
      note: 'table 4',
    });
    expect(changed({ progress: { ratio: 1, note: '' } })?.progress).toEqual({ ratio: 1, note: null });
    expect(changed({ progress: { ratio: 0 } })?.progress).toEqual({ ratio: 0, note: null });
  });

  it.each([0, '1h', true])('has no stale timeout, nor hold, if that is %j', (time) => {
    expect(changed({ stale_timeout_ms: time, hold_ms: time })).toMatchObject({
      staleTimeout: null,
      hold: null,
    });
  });

  it('has the socket that its process inherited, if that is a text', () => {
    const identity = { pid: 4242, boot_id: 'boot-1' };
    expect(changed({ process: { ...identity, inherited_socket: 'x' } })?.process.inheritedSocket).toBe('x');
    expect(changed({ process: { ...identity, inherited_socket: 7 } })?.process).not.toHaveProperty(
      'inheritedSocket',
    );
  });

  it('does not take the identity of another PID', () => {
    expect(changed({ process: { pid: 1, boot_id: 'boot-1' } })?.process).toEqual({
      pid: 4242,
      hostname: null,
      bootId: null,
      pidNamespace: null,
      started: null,
    });
  });

  it('may have a distant year and a key such as __proto__', () => {
    const text = '{"__proto__":{"polluted":true},"process_id":4242,"timestamp":"9999-12-31T23:59:59Z"}';
    expect(parseRecord(text, EPOCH)).toMatchObject({
      processId: 4242,
      timestamp: new Date('9999-12-31T23:59:59Z'),
    });
    expect({}).not.toHaveProperty('polluted');
  });
});
