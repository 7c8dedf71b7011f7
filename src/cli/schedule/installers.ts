import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { cron } from './cron.js';
import type { Installer } from './installer.js';
import type { SchedulerName } from './job.js';
import { launchd } from './launchd.js';
import type { RunProgram } from './programs.js';
import { systemd } from './systemd.js';
import { taskScheduler } from './task-scheduler.js';

export function installerFor(scheduler: SchedulerName, run: RunProgram): Installer {
  switch (scheduler) {
    case 'cron':
      return cron(run);
    case 'systemd':
      return systemd(run, homedir());
    case 'launchd':
      return launchd(run, homedir(), process.getuid?.() ?? 0);
    case 'task-scheduler':
      return taskScheduler(run);
  }
}

/** What this system has. */
export function schedulerHere(): SchedulerName {
  switch (process.platform) {
    case 'win32':
      return 'task-scheduler';
    case 'darwin':
      return 'launchd';
    default:
      // That systemd runs, and is not only installed: sd_booted(3).
      return existsSync('/run/systemd/system') ? 'systemd' : 'cron';
  }
}
