import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';
import type { Step } from '../../schedule/installer.js';
import { installerFor, schedulerHere } from '../../schedule/installer-for.js';
import { runProgram } from '../../schedule/run-program.js';
import { ScheduleError } from '../../schedule/schedule-error.js';
import type { SchedulerName } from '../../schedule/scheduled-job.js';
import { isKnown, type Scope } from '../../schedule/scope.js';
import { describeTiming } from '../../schedule/timing/timing.js';
import { UsageError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { print, say, write } from '../terminal/messages.js';
import { writeOut } from '../terminal/write-all.js';
import { notesOnOthers } from './elsewhere.js';
import { logFolderSteps } from './log-folder.js';
import { notesOnDatabase } from './lost-variables.js';
import { jobOf, ownProgram, storeOf } from './new-job.js';
import { type Request, schedulersFor, scopeHere } from './schedulers.js';

/** Prints, installs or uninstalls the configuration of a job. Returns the exit code. */
export async function schedule(request: Request): Promise<number> {
  if (request.action === 'uninstall') return uninstall(request);
  const scheduler = request.scheduler ?? schedulerHere();
  const scope = scopeHere(scheduler, request, request.action === 'install');
  const installer = installerFor(scheduler, runProgram, scope);
  const { name, isAgreed, userName } = request;
  const job = jobOf(request, scheduler);
  const unknown = userName === null || (await isKnown(userName, runProgram)) ? [] : [noteOnUnknown(userName)];
  const isPrinted = request.action === 'print';
  if (!isPrinted && unknown[0] !== undefined) throw new UsageError(unknown[0]);
  const { text, notes } = installer.configure(job);
  if (isPrinted) {
    for (const note of [...notes, ...notesOn(request, scope), ...unknown]) say(note);
    await write(text);
    return ExitCode.ok;
  }
  const steps = await installer.install(job);
  if (steps.length === 0) return tell(`${name} is already scheduled like this: nothing to change.`);
  const others = await notesOnOthers(request, [scheduler], true);
  for (const note of [...notes, ...notesOn(request, scope), ...others]) say(note);
  const startNow = installer.startCommand(name);
  return carryOut(
    [...logFolderSteps(request, scheduler), ...steps],
    isAgreed,
    `${name} is scheduled: ${describeTiming(job.timing)}, by ${scheduler}.${startNow === null ? '' : ` Start it now: ${startNow}`}`,
  );
}

/**
 * Who removes a job need not know which scheduler has it. Looks in all of them; with --user-name, which is about crontabs as well as about units of
 * the system, only in the default one.
 */
async function uninstall(request: Request): Promise<number> {
  const { name, userName, isAgreed } = request;
  const scheduler = request.scheduler ?? (userName === null ? null : schedulerHere());
  const searched = schedulersFor({ ...request, scheduler });
  const steps: Step[] = [];
  const found: SchedulerName[] = [];
  const failures: ScheduleError[] = [];
  for (const each of searched) {
    try {
      const scope = scopeHere(each, request, true);
      const ofThis = await installerFor(each, runProgram, scope).uninstall(name);
      if (ofThis.length > 0) found.push(each);
      steps.push(...ofThis);
    } catch (error) {
      if (!(error instanceof ScheduleError) || scheduler !== null) throw error;
      if (mayHave(each, error)) failures.push(error);
    }
  }
  const [failure] = failures;
  if (found.length === 0 && failure !== undefined) throw failure;
  for (const { message } of failures) say(message);
  for (const note of await notesOnOthers(request, searched, found.length > 0)) say(note);
  const by = scheduler === null ? 'by livinglock here' : `by ${scheduler}`;
  if (found.length === 0) return tell(`${name} is not scheduled ${by}: nothing to change.`);
  return carryOut(steps, isAgreed, `${name} is no longer scheduled by ${found.join(' and ')}.`);
}

/** Whether a scheduler that fails may have the job. Without a crontab program there is no crontab; systemd is asked only if it has units of the job. */
function mayHave(scheduler: SchedulerName, { reason }: ScheduleError): boolean {
  return reason !== 'refused' && (reason !== 'absent' || scheduler === 'systemd');
}

/** What the job does not find where it runs. */
function notesOn(request: Request, scope: Scope): readonly string[] {
  return [...notesOnDatabase(storeOf(request) ?? '', process.env), ...notesOnUser(scope)];
}

/** A Node installed by nvm, for instance, is in the home folder of the user who installed it. */
function notesOnUser({ userName }: Scope): string[] {
  const home = process.env['HOME'];
  if (userName === null || !home) return [];
  const ours = [process.execPath, ownProgram()].filter((path) => path.startsWith(join(home, '/')));
  if (ours.length === 0) return [];
  return [`${userName} must be able to run ${ours.join(' and ')}, which may be closed to other users.`];
}

function noteOnUnknown(userName: string): string {
  return `This machine has no user ${userName}. Create the user before you schedule the job.`;
}

async function carryOut(steps: readonly Step[], isAgreed: boolean, done: string): Promise<number> {
  const lines = steps.flatMap((step) => [...step.lines, '']).map(visible);
  await print(`This is what will change:\n\n${lines.join('\n')}`);
  const answer = isAgreed || (await confirm('Continue?'));
  if (answer === null) {
    throw new UsageError('Nothing was changed: stdin is not a terminal. Confirm in advance with --yes.');
  }
  if (!answer) {
    await print('Nothing was changed.');
    return ExitCode.no;
  }
  for (const step of steps) await step.apply();
  return tell(done);
}

/** Asks on the terminal; `null` without one. */
async function confirm(question: string): Promise<boolean | null> {
  if (!isatty(0) || !isatty(2)) return null;
  await writeOut(2, Buffer.from(`${question} [y/N] `));
  const lines = createInterface({ input: process.stdin, terminal: false });
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(/^y(es)?$/i.test(line.trim()));
      lines.close();
    });
    // The end of the input is not a yes.
    lines.once('close', () => resolve(false));
  });
}

/** A control character in a user's file must not move the cursor. */
function visible(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '\u{fffd}');
}

async function tell(line: string): Promise<number> {
  await print(line);
  return ExitCode.ok;
}
