import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../../../src/core/record/recognize-lock-file.js';
import { serializeRecord } from '../../../src/core/record/record.js';
import { someRecord } from '../../../support/world.js';

const WHEN = new Date('2026-01-02T03:04:05Z');
const GO = '{"process_id":4242,"timestamp":"2026-01-02T03:04:05.678+09:00"}';
const OURS = serializeRecord(
  someRecord({
    workers: [someRecord().process],
    owner: 'shop',
    hold: 1000,
    progress: { ratio: 0.5, note: '"}' },
  }),
);

function kindOf(text: string): string {
  return contentOf(text, true, WHEN).is;
}

describe('a record', () => {
  it.each([
    ['of ours', OURS],
    ['of the Go package', GO],
    ['of the Go package, on many lines', JSON.stringify(JSON.parse(GO), null, 2)],
    ['of a classic daemon', ' 4242\n'],
    ['of a later version of ours', OURS.replace('"command"', '"container":{"id":7},"command"')],
    [
      'of ours that says little',
      '{"process_id":4242,"timestamp":"2026-01-02T03:04:05Z","stale_timeout_ms":1}',
    ],
  ])('is recognized: %s', (_what, text) => {
    expect(kindOf(text)).toBe('record');
  });

  it('is torn wherever it is cut off, whether or not NUL bytes follow', () => {
    for (const text of [OURS.trimEnd(), GO, JSON.stringify(JSON.parse(OURS), null, 2)]) {
      for (let end = 0; end < text.length; end++) {
        expect([end, kindOf(text.slice(0, end))]).toEqual([end, 'torn']);
        expect([end, kindOf(text.slice(0, end).padEnd(4096, '\0'))]).toEqual([end, 'torn']);
      }
    }
  });

  it('is torn if it names no process', () => {
    for (const pid of ['0', '-1', '4294967296']) expect(kindOf(GO.replace('4242', pid))).toBe('torn');
  });
});

describe('text that resembles a record, but was written by other software', () => {
  const ENTRY = '{"process_id":4242,"timestamp":"2026-01-02T03:04:05Z","level":"info","user":"order 7"}';

  it.each([
    ['a log entry', ENTRY],
    [
      'a log entry whose keys are in another order',
      '{"timestamp":"2026-01-02T03:04:05Z","process_id":7,"level":1}',
    ],
    ['a log entry with a token', ENTRY.replace('"level"', '"token":"abc","level"')],
    [
      'a log entry with a process of its own kind',
      ENTRY.replace('"level"', '"token":"abc","process":{"id":1},"level"'),
    ],
    ['a log entry that is cut off', ENTRY.slice(0, -5)],
    ['a log entry whose time is a number', '{"process_id":4242,"timestamp":1767323045}'],
    ['a log of two entries', `${GO}\n${GO}\n`],
    ['an array of entries', `[${GO}]`],
    ['nothing but a number by that name', '{"process_id":4242}'],
    ['a number and a name', '{"process_id":7,"name":"shop"}'],
    ['a business process', '{"process_id":"order-7","timestamp":"2026-01-02T03:04:05Z"}'],
    ['a record with text behind it', `${OURS}# do not remove\n`],
    ['a record of the Go package with text behind it', `${GO} x`],
    ['a record whose key is escaped', GO.replace('process_id', 'process_i\\u0064').replace('}', ',"x":1}')],
    ['a record that is torn, with text of another kind', `${GO.slice(0, 30)}","note":"}"`],
    ['UTF-16', Buffer.from(GO, 'utf16le').toString('utf8')],
    ['a table', 'process_id,timestamp\n4242,2026-01-02\n'],
    ['NUL bytes with something behind them', '\0\0\0\0data'],
    ['a line break', '\n'],
    ['two numbers', '4242\n4243\n'],
    ['a number with a sign', '-4242'],
    ['a log entry whose key is like one of a record', GO.replace('}', '," user ":7}')],
  ])('is foreign: %s', (_what, text) => {
    expect(kindOf(text)).toBe('foreign');
  });

  it('is foreign if it is longer than a lock file can be, even if it begins as one', () => {
    expect(contentOf(OURS, false, WHEN).is).toBe('foreign');
  });

  it('is foreign with any key that a record does not have, whether the text is whole or cut off after it', () => {
    const keys = fc.string().filter((key) => !(key in JSON.parse(OURS)) && key !== '__proto__');
    fc.assert(
      fc.property(keys, fc.jsonValue(), fc.nat(), (key, value, cut) => {
        const entry = `${GO.slice(0, -1)},${JSON.stringify(key)}:${JSON.stringify(value)}}`;
        expect(kindOf(entry)).toBe('foreign');
        const after = entry.length - JSON.stringify(value).length - 1;
        expect(kindOf(entry.slice(0, after + (cut % (entry.length - after))))).toBe('foreign');
      }),
    );
  });
});
