import { statSync } from 'node:fs';
import { oneLine } from '../../core/describe-holder.js';
import type { Scheduled } from '../../schedule/installer.js';
import { installerFor } from '../../schedule/installer-for.js';
import { runProgram } from '../../schedule/run-program.js';
import { ScheduleError } from '../../schedule/schedule-error.js';
import type { SchedulerName } from '../../schedule/scheduled-job.js';
import { systemCode } from '../../system/system-code.js';
import { ExitCode } from '../errors/exit-codes.js';
import { formatDateAndTime } from '../terminal/local-time.js';
import { print, say } from '../terminal/messages.js';
import { type Column, layOut } from '../terminal/table.js';
import { terminal } from '../terminal/terminal.js';
import { schedulersFor, scopeHere, type Where } from './schedulers.js';

/** The options of `livinglock schedule --list`. */
interface ListRequest extends Where {
  /** `null` for all jobs. */
  readonly name: string | null;
  readonly isJson: boolean;
}

/** Prints what livinglock has scheduled. Returns the exit code. */
export async function list(request: ListRequest): Promise<number> {
  const all: Scheduled[] = [];
  for (const scheduler of schedulersFor(request)) {
    all.push(...(await listOf(scheduler, request)));
  }
  const jobs = all.filter(({ name }) => request.name === null || name === request.name).map(listed);
  await print(request.isJson ? JSON.stringify(jobs, null, 2) : table(jobs).join('\n'));
  const broken = jobs.filter(({ missing }) => missing.length > 0).map(({ name }) => oneLine(name));
  if (broken.length > 0 && !request.isJson) {
    say(
      `${broken.join(', ')} cannot start: the programs under MISSING were moved or removed. Install again, with the same options and command: livinglock schedule --install`,
    );
  }
  return ExitCode.ok;
}

interface Listed extends Omit<Scheduled, 'programs'> {
  /** Programs that an update of Node, for instance, has moved since the job was installed: the job does not start. */
  readonly missing: readonly string[];
}

function listed({ programs, ...job }: Scheduled): Listed {
  return { ...job, missing: programs.filter(isMissing) };
}

/** Only what surely does not exist: other users' folders may be closed to this one. */
function isMissing(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '');
  }
}

async function listOf(scheduler: SchedulerName, request: ListRequest): Promise<readonly Scheduled[]> {
  // Only units of the system name a user, and everyone can read them.
  const isSystem = request.isSystem || (scheduler === 'systemd' && request.userName !== null);
  const scope = scopeHere(scheduler, { ...request, isSystem }, scheduler === 'cron');
  try {
    return await installerFor(scheduler, runProgram, scope).list(new Date());
  } catch (error) {
    // Without its program, or a home folder for its files, nothing can have been scheduled.
    const isAbsent =
      error instanceof ScheduleError && (error.reason === 'absent' || error.reason === 'refused');
    if (isAbsent && request.scheduler === null) return [];
    throw error;
  }
}

const COLUMNS: readonly Column<Listed>[] = [
  { title: 'NAME', text: ({ name }) => oneLine(name) },
  { title: 'SCHEDULER', text: ({ scheduler }) => scheduler },
  { title: 'WHEN', text: ({ when }) => oneLine(when) },
  { title: 'NEXT RUN', text: ({ next }) => (next === null ? '' : formatDateAndTime(next)) },
  { title: 'MISSING', text: ({ missing }) => oneLine(missing.join(', ')), isOccasional: true },
  { title: 'COMMAND', text: ({ command }) => oneLine(command) },
];

function table(jobs: readonly Listed[]): string[] {
  if (jobs.length === 0) return ['Nothing is scheduled by livinglock here.'];
  // A command is shown whole, however narrow the terminal is.
  return layOut(jobs, COLUMNS, [], { ...terminal(process.stdout), columns: Number.POSITIVE_INFINITY });
}
