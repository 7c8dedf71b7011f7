import { installerFor } from '../../schedule/installer-for.js';
import { runProgram } from '../../schedule/run-program.js';
import { ScheduleError } from '../../schedule/schedule-error.js';
import type { SchedulerName } from '../../schedule/scheduled-job.js';
import type { Scope } from '../../schedule/scope.js';
import { type Request, schedulersHere, scopeHere } from './schedulers.js';

/** Where a job may be. */
interface Place {
  readonly scheduler: SchedulerName;
  readonly scope: Scope;
}

/**
 * Where else a job of this name is scheduled, with the command that removes it there.
 *
 * @param known The schedulers that need not be asked.
 * @param isFound Whether these have the job. Otherwise a job of the system may be the one that is looked for.
 */
export async function notesOnOthers(
  { name, userName }: Request,
  known: readonly SchedulerName[],
  isFound: boolean,
): Promise<string[]> {
  const notes: string[] = [];
  for (const place of [...placesBut(known, userName), ...(isFound ? [] : placesOfRoot())]) {
    if (!(await has(place, name))) continue;
    notes.push(
      `${name} is ${isFound ? 'also ' : ''}scheduled by ${place.scheduler}. To remove that: ${removalFrom(place, name)}`,
    );
  }
  return notes;
}

/** The other schedulers. Units of the system may belong to any user. */
function placesBut(known: readonly SchedulerName[], userName: string | null): readonly Place[] {
  return schedulersHere()
    .filter((scheduler) => !known.includes(scheduler))
    .map((scheduler) => {
      const scope = { isSystem: false, userName: scheduler === 'cron' ? userName : null };
      return { scheduler, scope: scopeHere(scheduler, scope, false) };
    });
}

/** What this user can see of it without being root. */
function placesOfRoot(): readonly Place[] {
  if (isRoot() || !schedulersHere().includes('systemd')) return [];
  return [{ scheduler: 'systemd', scope: { isSystem: true, userName: null } }];
}

async function has({ scheduler, scope }: Place, name: string): Promise<boolean> {
  try {
    const jobs = await installerFor(scheduler, runProgram, scope).list(new Date());
    return jobs.some((job) => job.name === name);
  } catch (error) {
    // A scheduler that cannot be asked here does not start jobs here either.
    if (error instanceof ScheduleError) return false;
    throw error;
  }
}

function removalFrom({ scheduler, scope: { isSystem, userName } }: Place, name: string): string {
  const sudo = isSystem && !isRoot() ? 'sudo ' : '';
  const user = userName === null ? '' : ` --user-name ${userName}`;
  return `${sudo}livinglock schedule --uninstall --for ${scheduler} --name ${name}${user}`;
}

function isRoot(): boolean {
  return (process.geteuid?.() ?? 0) === 0;
}
