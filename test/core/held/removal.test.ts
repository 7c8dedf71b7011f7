import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HolderEvents } from '../../../src/core/events/holder-events.js';
import type { LockParts } from '../../../src/core/held/lock-parts.js';
import { Removal } from '../../../src/core/held/removal.js';
import type { Awaitable, Outcome, Store } from '../../../src/core/store.js';
import type { ProcessIdentity } from '../../../src/system/processes/process-identity.js';
import { FakeClock, FakeProcessTable, memoryStore } from '../../../src/testing/index.js';
import { HOUR, MINUTE, SECOND, someRecord } from '../../../support/world.js';

const DONE: Outcome = { done: true, record: someRecord() };

describe('a removal', () => {
  let clock: FakeClock;
  let processes: FakeProcessTable;
  /** What the store was asked: the hold of each removal. */
  let holds: (number | undefined)[];
  let events: string[];
  let answer: () => Awaitable<Outcome>;

  beforeEach(() => {
    clock = new FakeClock();
    processes = new FakeProcessTable(clock);
    holds = [];
    events = [];
    answer = () => DONE;
  });

  function removal(holdAtLeast = 0): Removal {
    const store: Store = {
      ...memoryStore({ clock, processes }),
      remove: (_name, _token, hold) => {
        holds.push(hold);
        return answer();
      },
    };
    const parts: LockParts = {
      name: 'job.lock',
      token: 'token',
      record: someRecord(),
      predecessor: null,
      calledAt: 0,
      claimedAt: 0,
      store,
      clock,
      processes,
      heartbeatMinimalInterval: 0,
      staleTimeout: HOUR,
      holdAtLeast,
    };
    const told = new HolderEvents(parts);
    vi.spyOn(told, 'ended').mockImplementation(({ is }) => void events.push(is));
    return new Removal(parts, told);
  }

  it('keeps what is left of a hold, as long as anything is', async () => {
    const held = removal(MINUTE);
    await clock.advance(MINUTE - SECOND);
    held.send();
    await clock.advance(SECOND);
    held.send();
    removal().send();
    expect(holds).toEqual([SECOND, undefined, undefined]);
  });

  it('leaves no hold where there was none, even if the clock stands earlier than before', async () => {
    await clock.advance(HOUR);
    const plain = removal();
    vi.spyOn(clock, 'monotonic').mockReturnValue(0);
    plain.send();
    expect(holds).toEqual([undefined]);
  });

  it('is sent when the process exits, and told of if the store did it', () => {
    removal().sendAtExit();
    expect([holds, events]).toEqual([[undefined], ['released']]);
  });

  it.each<[string, () => Awaitable<Outcome>]>([
    ['was not done', () => ({ done: false, found: null })],
    ['is answered too late', async () => DONE],
    ['fails later', () => Promise.reject(new Error('no way there'))],
    [
      'fails at once',
      () => {
        throw new Error('no way there');
      },
    ],
  ])('when the process exits is not told of if it %s', (_how, answered) => {
    answer = answered;
    removal().sendAtExit();
    expect([holds, events]).toEqual([[undefined], []]);
  });

  it('is not sent when the process exits as long as any of its workers is at work', () => {
    const [one, other] = [processes.start(), processes.start()];
    const workers = [identityOf(one.pid), identityOf(other.pid)];
    one.kill();
    removal().sendAtExit(workers);
    expect([holds, events]).toEqual([[], []]);
    other.kill();
    removal().sendAtExit(workers);
    expect([holds, events]).toEqual([[undefined], ['released']]);
  });

  function identityOf(pid: number): ProcessIdentity {
    const identity = processes.identify(pid);
    if (identity === null) throw new Error(`There is no process ${pid}.`);
    return identity;
  }
});
