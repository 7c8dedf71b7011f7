import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Installer } from './installer.js';
import type { RunProgram } from './run-program.js';
import { refused } from './schedule-error.js';
import type { SchedulerName } from './scheduled-job.js';
import { cron } from './schedulers/cron.js';
import { launchd } from './schedulers/launchd.js';
import { systemd } from './schedulers/systemd.js';
import { taskScheduler } from './schedulers/task-scheduler.js';
import type { Scope } from './scope.js';

export function installerFor(scheduler: SchedulerName, run: RunProgram, scope: Scope): Installer {
  switch (scheduler) {
    case 'cron':
      return cron(run, home, scope.userName);
    case 'systemd':
      return systemd(run, { ...scope, home });
    case 'launchd':
      return launchd(run, home(), process.getuid?.() ?? 0);
    case 'task-scheduler':
      return taskScheduler(run);
  }
}

/** Called only if a file in it is needed: a container may run as a user without a home folder. */
function home(): string {
  try {
    return homedir();
  } catch {
    throw refused(
      'You have no home folder to keep the schedule in: HOME is not set, and the user database does not know you.',
    );
  }
}

/** The schedulers of this system. */
export function schedulerHere(): SchedulerName {
  switch (process.platform) {
    case 'win32':
      return 'task-scheduler';
    case 'darwin':
      return 'launchd';
    default:
      // Whether systemd is running, not merely installed: sd_booted(3).
      return existsSync('/run/systemd/system') ? 'systemd' : 'cron';
  }
}
