import fs from 'node:fs';
import os from 'node:os';
import { describe, expect, it } from 'vitest';
import { installerFor, schedulerHere } from '../../src/schedule/installer-for.js';
import { SCHEDULERS } from '../../src/schedule/scheduled-job.js';
import { pretend, replace } from '../../support/replace.js';
import { FakePrograms, refusalOf, someJob } from './support.js';

const SCOPE = { isSystem: false, userName: null };

describe('the scheduler of this system', () => {
  it.each([
    { platform: 'win32', isBooted: true, scheduler: 'task-scheduler' },
    { platform: 'darwin', isBooted: true, scheduler: 'launchd' },
    { platform: 'linux', isBooted: true, scheduler: 'systemd' },
    { platform: 'linux', isBooted: false, scheduler: 'cron' },
    { platform: 'freebsd', isBooted: false, scheduler: 'cron' },
  ] as const)('is $scheduler on $platform', ({ platform, isBooted, scheduler }) => {
    pretend(platform);
    replace(fs, { existsSync: (path) => isBooted && path === '/run/systemd/system' });
    expect(schedulerHere()).toBe(scheduler);
  });
});

describe('the installer of a scheduler', () => {
  const signs = { cron: '*/2 * * * *', systemd: '[Timer]', launchd: '<plist', 'task-scheduler': '<Task' };

  it.each(SCHEDULERS)('writes what it reads: %s', (scheduler) => {
    const installer = installerFor(scheduler, new FakePrograms().run, SCOPE);
    expect(installer.configure(someJob()).text).toContain(signs[scheduler]);
  });

  it('says that there is no home folder, only if it is needed', () => {
    const homedir = () => {
      throw new Error('ENOENT: uv_os_homedir');
    };
    replace(os, { homedir });
    const run = new FakePrograms().run;
    expect(installerFor('cron', run, SCOPE).configure(someJob()).notes).toEqual([]);
    expect(refusalOf(() => installerFor('launchd', run, SCOPE))).toMatch(/^refused: You have no home folder/);
  });
});
