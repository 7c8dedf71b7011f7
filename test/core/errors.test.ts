import { describe, expect, it } from 'vitest';
import type * as errorClasses from '../../src/core/errors.js';
import {
  ErrLockBusy,
  ErrLockLost,
  ErrLockStore,
  ErrNotALock,
  ErrTerminationFailed,
  LivingLockError,
} from '../../src/core/errors.js';
import { pretend } from '../../support/replace.js';
import { MINUTE, someRecord } from '../../support/world.js';

const LOCK = '/locks/job.lock';

function systemError(message: string, code = 'ENOSPC'): Error {
  return Object.assign(new Error(message), { code, syscall: 'open' });
}

describe('an error', () => {
  it('of another copy of the package is an instance of the same classes, but of no class that a user has derived', async () => {
    class OfUser extends ErrLockBusy {}
    const copy: typeof errorClasses = await import(`../../src/core/errors.js?${'copy'}`);
    const busy = new copy.ErrLockBusy(LOCK, null, 0, 'why');
    expect(Object.getPrototypeOf(busy)).not.toBe(ErrLockBusy.prototype);
    const classes = [LivingLockError, ErrLockBusy, ErrLockStore, OfUser];
    expect(classes.map((each) => busy instanceof each)).toEqual([true, true, false, false]);
    expect(new OfUser(LOCK, null, 0, 'why') instanceof OfUser).toBe(true);
    for (const other of [null, undefined, 'busy', new Error('busy'), { name: 'ErrLockBusy' }])
      expect(other instanceof ErrLockBusy).toBe(false);
  });

  it('without a cause has no such property, which would be printed', () => {
    expect(
      ErrLockStore.of(LOCK, 'read', { code: 'EIO', reason: 'why', cause: undefined }),
    ).not.toHaveProperty('cause');
  });

  it('has the name of its class, which tells it apart where the class is not at hand', () => {
    const errors = [
      new ErrLockBusy(LOCK, someRecord(), 0, 'why'),
      new ErrLockLost(LOCK, null),
      new ErrLockStore(LOCK, 'EIO', 'what'),
      new ErrNotALock(LOCK, 'what'),
      new ErrTerminationFailed(LOCK, someRecord(), new Error('why')),
    ];
    expect(errors.map(({ name }) => name)).toEqual([
      'ErrLockBusy',
      'ErrLockLost',
      'ErrLockStore',
      'ErrNotALock',
      'ErrTerminationFailed',
    ]);
  });

  it('of a lost lock says how it was lost, and what to do', () => {
    expect(new ErrLockLost(LOCK, null).message).toBe(
      `${LOCK} was lost: nobody holds it now. It was broken or deleted, or taken over by a run that has since ended. ` +
        'Stop working: this run is no longer exclusive. If it was only slow, raise `staleTimeout` or call `heartBeat()` more often.',
    );
    const successor = someRecord({ command: null, cwd: null });
    expect(new ErrLockLost(LOCK, successor).message).toBe(
      `${LOCK} was lost: PID 4242 on db-1 holds it now. It took the lock over after this process had stopped heartbeating, or got it after ` +
        'somebody had broken or deleted it. Stop working: this run is no longer exclusive. ' +
        'If it was only slow, raise `staleTimeout` or call `heartBeat()` more often.',
    );
    const cause = new Error('connect ECONNREFUSED.');
    expect(new ErrLockLost(LOCK, null, { since: MINUTE, cause }).message).toMatch(
      /heartbeat was 1 minute ago.+ The last error: connect ECONNREFUSED\.$/,
    );
  });

  it('of a process that could not be ended has the reason, and says what to do', () => {
    const cause = new Error('EPERM');
    const error = new ErrTerminationFailed(LOCK, someRecord(), cause);
    expect(error.cause).toBe(cause);
    expect(error.message).toMatch(
      /could not be ended: EPERM\. Nothing was taken over\. End it yourself on db-1, or leave out --kill-stalled \(`terminateStalled`\) to take over without ending it\. /,
    );
    expect(
      error.message.endsWith(' If that process no longer exists, remove the lock with `livinglock break`.'),
    ).toBe(true);
  });
});

describe('a failure of the store', () => {
  it('may have been carried out, unless the store knows better', () => {
    expect(new ErrLockStore(LOCK, 'EIO', 'what').isInDoubt).toBe(true);
    expect(new ErrLockStore(LOCK, 'EIO', 'what', { isInDoubt: false }).isInDoubt).toBe(false);
  });

  it('says what was attempted, why it failed, and what to do; nothing twice', () => {
    const failure = { code: 'X', reason: 'no room', cause: null };
    expect(ErrLockStore.of(LOCK, 'create the lock', failure).message).toBe(
      `Cannot create the lock ${LOCK}: no room`,
    );
    expect(ErrLockStore.of(LOCK, 'create the lock', { ...failure, remedy: 'Make room.' }).message).toBe(
      `Cannot create the lock ${LOCK}: no room. Make room.`,
    );
  });

  it.each([
    [`ENOSPC: no space left on device, open '${LOCK}'`, 'ENOSPC: no space left on device'],
    [`ENOSPC: no space left, rename '/locks/job.lock.guard/1' -> '${LOCK}'`, 'ENOSPC: no space left'],
    ["ENOSPC: no space left, mkdir '/proc/self/fd/7/x'", 'ENOSPC: no space left'],
    ["ENOSPC: no space left, mkdir '/locks'", "ENOSPC: no space left, mkdir '/locks'"],
  ])('leaves out files of its own: %s', (message, reason) => {
    const error = systemError(message);
    expect(ErrLockStore.from(LOCK, 'create the lock', error, { ENOSPC: 'Make room.' })).toMatchObject({
      message: `Cannot create the lock ${LOCK}: ${reason}. Make room.`,
      code: 'ENOSPC',
      cause: error,
    });
  });

  it('has the usual remedy for its code', () => {
    pretend('linux');
    const error = ErrLockStore.from(LOCK, 'read the lock', systemError('EROFS: read-only', 'EROFS'));
    expect(error).toMatchObject({ message: expect.stringMatching(/EROFS: read-only\. Mount that file/) });
  });

  it('has the remedy of the platform', () => {
    pretend('win32');
    for (const [code, remedy] of [
      ['EPERM', /may have that file open/],
      ['ENOENT', /the drive or the share is there/],
      ['EIO', /Check that the disk/],
    ] as const) {
      const error = ErrLockStore.from(LOCK, 'read the lock', systemError(code, code));
      expect(error).toMatchObject({ message: expect.stringMatching(remedy) });
      expect(error).toMatchObject({ message: expect.not.stringMatching(/umask|sticky|proc/) });
    }
  });

  it.each([new ErrNotALock(LOCK, 'what'), new Error('a bug'), 'a text'])('is no other error: %s', (error) => {
    expect(ErrLockStore.from(LOCK, 'read the lock', error)).toBe(error);
  });
});
