import { describe, expect, it } from 'vitest';
import { expectRights, scopeOf } from '../../src/schedule/scope.js';
import { refusalOf } from './support.js';

const NONE = { isSystem: false, userName: null };

describe('the units of systemd', () => {
  it.each([
    ['of the user', NONE, 1000, false],
    ['of the system for root', NONE, 0, true],
    ['of the system if asked for', { ...NONE, isSystem: true }, 1000, true],
  ])('are those %s', (_, request, uid, isSystem) => {
    expect(scopeOf({ ...request, scheduler: 'systemd' }, uid).isSystem).toBe(isSystem);
  });

  it('of the system can be changed only by root', () => {
    expect(refusalOf(() => expectRights({ isSystem: true, userName: null }, 1000))).toMatch(
      /^refused: .*with sudo/,
    );
    expect(refusalOf(() => expectRights({ isSystem: true, userName: null }, 0))).toBe('not refused');
    expect(refusalOf(() => expectRights({ isSystem: false, userName: null }, 1000))).toBe('not refused');
  });

  it('of a user cannot run as another user', () => {
    const request = { isSystem: false, userName: 'batch', scheduler: 'systemd' } as const;
    expect(refusalOf(() => scopeOf(request, 1000))).toMatch(/^refused: .*Add --system/);
    expect(scopeOf(request, 0)).toEqual({ isSystem: true, userName: 'batch' });
  });
});

describe('other schedulers', () => {
  it('have no units', () => {
    expect(refusalOf(() => scopeOf({ ...NONE, isSystem: true, scheduler: 'cron' }, 0))).toMatch(
      /^refused: --system applies .*not to cron\. .*--user-name/,
    );
  });

  it.each(['launchd', 'task-scheduler'] as const)('run a job only as yourself: %s', (scheduler) => {
    expect(refusalOf(() => scopeOf({ isSystem: false, userName: 'batch', scheduler }, 0))).toMatch(
      /^refused: --user-name .* as batch instead/,
    );
  });

  it('let only root change the crontab of another user', () => {
    const scope = scopeOf({ isSystem: false, userName: 'batch', scheduler: 'cron' }, 1000);
    expect(refusalOf(() => expectRights(scope, 1000))).toMatch(/^refused: .*the crontab of batch.*with sudo/);
    expect(refusalOf(() => expectRights(scope, 0))).toBe('not refused');
  });
});
