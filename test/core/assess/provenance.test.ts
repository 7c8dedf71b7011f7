import { describe, expect, it } from 'vitest';
import { ageOf, type Place, provenanceOf, wasInEarlierBoot } from '../../../src/core/assess/provenance.js';
import { INITIAL_PID_NAMESPACE } from '../../../src/system/processes/process-identity.js';
import { FakeClock } from '../../../src/testing/index.js';
import { DAY, HOUR, MINUTE, SECOND, someIdentity, someRecord } from '../../../support/world.js';

const CONTAINER = { pidNamespace: 'pid:[4026532999]' };
const OTHER_BOOT = { bootId: 'boot-0' };

/** A machine that was started an hour ago, and its disk. */
async function place(changes: Partial<Place> = {}): Promise<Place & { readonly clock: FakeClock }> {
  const clock = new FakeClock();
  clock.reboot();
  await clock.advance(HOUR);
  return { self: someIdentity(), isLocal: () => true, ...changes, clock };
}

function beatAgo(age: number, process: Partial<ReturnType<typeof someIdentity>>, here: Place) {
  return someRecord({ process: someIdentity(process), timestamp: new Date(here.clock.now() - age) });
}

describe('a record with another boot id', () => {
  it.each([
    { what: 'of this host, before it was started', process: {}, age: 2 * HOUR, found: 'earlier-boot' },
    { what: 'of this host, sent since', process: {}, age: 59 * MINUTE, found: 'unknown' },
    { what: 'of this host, ahead', process: {}, age: -DAY, found: 'unknown' },
    { what: 'of another host', process: { hostname: 'nfs-client' }, age: 2 * HOUR, found: 'unknown' },
    { what: 'of no host', process: { hostname: null }, age: 2 * HOUR, found: 'unknown' },
    {
      what: 'of a container',
      process: { ...CONTAINER, hostname: 'c1' },
      age: 2 * HOUR,
      found: 'earlier-boot',
    },
    {
      what: 'of a container, sent since',
      process: { ...CONTAINER, hostname: 'c1' },
      age: MINUTE,
      found: 'unknown',
    },
  ])('$what: $found', async ({ process, age, found }) => {
    const here = await place();
    expect(provenanceOf(beatAgo(age, { ...OTHER_BOOT, ...process }, here), here)).toBe(found);
  });

  it('is not known to be of this machine if its host name is a default one', async () => {
    for (const [hostname, found] of [
      ['laptop', 'this-machine'],
      ['localhost', 'unknown'],
    ] as const) {
      const here = await place({
        self: someIdentity({ hostname, bootId: null, pidNamespace: INITIAL_PID_NAMESPACE }),
      });
      const record = beatAgo(HOUR, { hostname, pidNamespace: INITIAL_PID_NAMESPACE, ...OTHER_BOOT }, here);
      expect(provenanceOf(record, here)).toBe(found);
    }
  });

  it('proves nothing on a network file system', async () => {
    const here = await place({ isLocal: () => false });
    expect(provenanceOf(beatAgo(2 * HOUR, OTHER_BOOT, here), here)).toBe('unknown');
  });

  it('is not older than this boot just because the machine was suspended since', async () => {
    const here = await place();
    const record = beatAgo(MINUTE, { ...OTHER_BOOT, ...CONTAINER }, here);
    here.clock.suspend(DAY);
    expect(provenanceOf(record, here)).toBe('unknown');
  });
});

describe('the age of a record', () => {
  it('is measured by the monotonic clock of this boot, unless that is another clock', async () => {
    const here = await place();
    const at = here.clock.monotonic();
    const aged = (monotonic: number) => ageOf(someRecord({ monotonic }), 'this-boot', here, 5 * MINUTE);
    expect(aged(at - MINUTE)).toBe(MINUTE);
    expect(aged(at + SECOND)).toBe(0);
    expect(aged(at + DAY)).toBe(5 * MINUTE);
  });

  it('is at least the time since the start of the machine, if the machine released the lock before that', async () => {
    const here = await place();
    const released = { hold: MINUTE, process: someIdentity(OTHER_BOOT) };
    expect(ageOf(someRecord(released), 'unknown', here, 0)).toBe(HOUR);
    const held = { process: someIdentity(OTHER_BOOT) };
    expect(ageOf(someRecord(held), 'unknown', here, 0)).toBe(0);
    const elsewhere = { hold: MINUTE, process: someIdentity({ ...OTHER_BOOT, hostname: 'nfs-client' }) };
    expect(ageOf(someRecord(elsewhere), 'unknown', here, 0)).toBe(0);
    expect(ageOf(someRecord(released), 'unknown', { ...here, isLocal: () => false }, 0)).toBe(0);
  });
});

describe('a process still in the guard', () => {
  it.each([
    { what: 'of this host', process: OTHER_BOOT, age: -DAY, was: true },
    { what: 'of this host and boot', process: {}, age: 2 * HOUR, was: false },
    {
      what: 'of another host',
      process: { ...OTHER_BOOT, hostname: 'nfs-client' },
      age: 2 * HOUR,
      was: false,
    },
    {
      what: 'of a container before the start',
      process: { ...OTHER_BOOT, ...CONTAINER },
      age: 2 * HOUR,
      was: true,
    },
    { what: 'of a container since', process: { ...OTHER_BOOT, ...CONTAINER }, age: MINUTE, was: false },
  ])('$what, $age ms ago, was there in an earlier boot: $was', async ({ process, age, was }) => {
    const here = await place();
    const at = here.clock.now() - age;
    expect(wasInEarlierBoot(someIdentity(process), at, here)).toBe(was);
    expect(wasInEarlierBoot(someIdentity(process), at, { ...here, isLocal: () => false })).toBe(false);
  });

  it('may be at work on another machine, if many have the same name', async () => {
    const here = await place({ self: someIdentity({ hostname: 'localhost' }) });
    const owner = someIdentity({ ...OTHER_BOOT, hostname: 'localhost' });
    expect(wasInEarlierBoot(owner, here.clock.now(), here)).toBe(false);
  });

  it('may be at work in a container of the same name', async () => {
    const here = await place({ self: someIdentity(CONTAINER) });
    expect(wasInEarlierBoot(someIdentity(OTHER_BOOT), here.clock.now(), here)).toBe(false);
  });
});
