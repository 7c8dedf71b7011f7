import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entranceKind,
  isStaged,
  isStillOpen,
  lifePrefix,
  ownerFrom,
  ownerName,
  stagedName,
} from '../../../../src/stores/file/guard/guard-names.js';
import { someIdentity } from '../../../../support/world.js';

const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const OURS = `${UUID},4242,0,5881234,boot-1,pid%3A%5B4026531836%5D,db-1`;

const texts = fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }), { nil: null });

describe('the file name of an owner', () => {
  it('says who the owner is', () => {
    const owners = fc.record({
      identity: fc.record({
        pid: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        started: texts,
        bootId: texts,
        pidNamespace: texts,
        hostname: texts,
      }),
      thread: fc.nat(),
    });
    fc.assert(
      fc.property(owners, (owner) => {
        expect(ownerFrom(ownerName(owner))).toMatchObject({
          thread: owner.thread,
          identity: { pid: owner.identity.pid },
        });
      }),
    );
    expect(ownerFrom(OURS)).toEqual({ identity: someIdentity(), thread: 0 });
  });

  it('does not say what is unknown', () => {
    const unknown = { hostname: null, bootId: null, pidNamespace: null, started: null };
    const owner = { identity: someIdentity(unknown), thread: 0 };
    expect(ownerFrom(ownerName(owner))).toEqual(owner);
  });

  it.each([
    ['a PID in another notation', OURS.replace('4242', '0x1092')],
    ['a PID in another notation', OURS.replace('4242', '4.242e3')],
    ['a PID with a zero in front', OURS.replace('4242', '04242')],
    ['a PID that no process can have', OURS.replace('4242', '9999999999')],
    ['no PID', OURS.replace('4242', '')],
    ['a space', OURS.replace('4242', ' 4242')],
    ['no thread', OURS.replace(',0,', ',,')],
    ['a thread that is no number', OURS.replace(',0,', ',main,')],
    ['a text that need not be escaped', OURS.replace('db-1', 'd%62-1')],
    ['an escape in small letters', OURS.replace('%5B', '%5b')],
    ['an escape that says nothing', OURS.replace('%5B', '%E0%A4%Z')],
    ['a text that has to be escaped', OURS.replace('db-1', 'db 1')],
    ['a part too many', `${OURS},x`],
    ['a part too few', OURS.replace(',db-1', '')],
    ['something in front', `.${OURS}`],
    ['a line break behind', `${OURS}\n`],
    ['an identifier in capitals', OURS.replace(UUID, UUID.toUpperCase())],
  ])('is not accepted with %s', (_what, name) => {
    expect(ownerFrom(name)).toBeNull();
  });
});

describe('the name of the file that an owner writes', () => {
  it('is that of the owner, or what write-file-atomic makes of it', () => {
    expect(stagedName(OURS)).toBe(`${UUID}.record`);
    expect([`${UUID}.record`, `${UUID}.record.0`, `${UUID}.record.4294967295`].filter(isStaged)).toHaveLength(
      3,
    );
    const others = [
      `${UUID}.record.`,
      `${UUID}.record.x`,
      `${UUID}.record.12345678901`,
      `x${UUID}.record`,
      'a.record',
    ];
    expect(others.filter(isStaged)).toEqual([]);
  });
});

describe('a folder beside the guard', () => {
  it.each([
    [`.${UUID}`, 'entrance'],
    [`.${UUID}.swept`, 'condemned'],
    [`.${UUID}.kept`, null],
    [`.${UUID.toUpperCase()}`, null],
    [`${UUID}`, null],
    ['', null],
  ] as const)('whose name ends in "%s" is: %s', (rest, kind) => {
    expect(entranceKind(rest)).toBe(kind);
  });
});

describe('the sign of life of a holder', () => {
  it('is named after its token, if that is one of ours', () => {
    expect(lifePrefix('/l/job.lock', UUID)).toBe('/l/job.lock.life.0f8fad5bd9cb469fa165');
    for (const token of ['', 'token', `x${UUID}`, `${UUID}x`])
      expect(lifePrefix('/l/job.lock', token)).toBeNull();
  });
});

describe('a file that an NFS client keeps for a process', () => {
  it('has a name of its own', () => {
    expect(['.nfs000000000014b3a400000001', '.nfs0A'].filter(isStillOpen)).toHaveLength(2);
    expect(['x.nfs0a', '.nfs0a.txt', '.nfs', '.nfsx'].filter(isStillOpen)).toEqual([]);
  });
});
