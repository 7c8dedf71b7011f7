import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { attempt } from '../../system/attempt.js';
import { fileStep, filesIn, programStep, read } from '../install-steps.js';
import { commandIn, type Installer, programsIn, type Step } from '../installer.js';
import { pathIn, quoteForSystemd, quoteSystemdPath, words } from '../quote.js';
import { failure, type RunProgram } from '../run-program.js';
import { refused } from '../schedule-error.js';
import type { Job } from '../scheduled-job.js';
import type { Scope } from '../scope.js';
import { FOR_SYSTEMD, SecretFile } from '../secrets/secret-file.js';
import { onCalendar } from '../timing/on-calendar.js';
import { describeTiming, type Timing } from '../timing/timing.js';

const LINGER =
  'User units run only while the user is logged in, unless `loginctl enable-linger` was called once.';

/** Comments by which our units are known as well. */
const ENDING = '# The run itself passes signals on to the command, and outlives it.';
const ACCURACY = '# The default is a whole minute.';
const TIMER = /^Description=Starts the job \S+ (.*)$/m;

/** Restrictions for a job; see systemd.exec(5). */
const HARDENING = `ProtectSystem=full
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
`;

export interface SystemdOptions extends Scope {
  /** Called only if a file in it is needed. */
  readonly home: () => string;
  /** The folder of the units; the usual one by default. */
  readonly folder?: string;
  /** The folder in which `loginctl enable-linger` keeps an empty file for each user. */
  readonly lingerFolder?: string;
}

/** Installs jobs as a service and a timer of the user, or of the system; see systemd.service(5) and systemd.timer(5). */
export function systemd(
  run: RunProgram,
  { isSystem, userName, home, folder, lingerFolder = '/var/lib/systemd/linger' }: SystemdOptions,
): Installer {
  const mode = isSystem ? [] : ['--user'];
  const unitFolder = () =>
    folder ?? (isSystem ? '/etc/systemd/system' : join(home(), '.config', 'systemd', 'user'));
  const service = (name: string) => join(unitFolder(), `${unit(name)}.service`);
  const timer = (name: string) => join(unitFolder(), `${unit(name)}.timer`);
  const secret = (name: string) => new SecretFile(home, 'systemd', name, FOR_SYSTEMD);
  const secretPath = (job: Job) => (job.secrets.length === 0 ? null : secret(job.name).path);
  const serviceFor = (job: Job) => serviceOf(job, userName, secretPath(job));
  const systemctl = (...args: readonly string[]) => programStep(run, 'systemctl', ...mode, ...args);
  const calendarNow = async (name: string) => calendarIn((await read(timer(name))) ?? '');
  /**
   * Makes systemd forget when the timer last elapsed, which `Persistent=true` keeps beyond its removal: a new time that has passed since then would
   * count as missed, and start the job at once. Only for a timer that is stopped. systemctl before version 243 has no `clean`.
   */
  const forget = (name: string, { hasFailed }: State): Step[] => {
    const clean = systemctl('clean', '--what=state', `${unit(name)}.timer`);
    return [
      // It is not cleaned otherwise.
      ...(hasFailed ? [systemctl('reset-failed', `${unit(name)}.timer`)] : []),
      { ...clean, apply: () => clean.apply().catch(() => {}) },
    ];
  };
  /** If the step fails, a timer that was stopped goes on. */
  const orGoOn = (name: string) => (step: Step) => {
    const goOn = systemctl('start', `${unit(name)}.timer`);
    const apply = () =>
      step.apply().catch(async (error: unknown) => {
        await goOn.apply().catch(() => {});
        throw error;
      });
    return { ...step, apply };
  };
  return {
    configure(job) {
      const files = [
        `# ${unit(job.name)}.service\n${serviceFor(job)}`,
        `# ${unit(job.name)}.timer\n${timerOf(job)}`,
      ];
      return {
        text: files.join('\n'),
        notes: [
          ...secret(job.name).notes(job.secrets),
          ...notesOf(job),
          ...(isSystem || lingers(lingerFolder) ? [] : [LINGER]),
        ],
      };
    },
    async install(job) {
      const state = await stateOf(run, mode, `${unit(job.name)}.timer`);
      const unitSteps = [
        ...(await fileStep(service(job.name), serviceFor(job), isService)),
        ...(await fileStep(timer(job.name), timerOf(job), isTimer)),
      ];
      const calendar = calendarIn(timerOf(job));
      // An earlier installation may have failed half-way: with the new time in the file, but not in systemd.
      const isUnfinished = state.needsReload || (state.isEnabled && !state.isActive);
      const isNewTime = calendar !== '' && (isUnfinished || calendar !== (await calendarNow(job.name)));
      const restart = [
        systemctl('daemon-reload'),
        ...(isNewTime ? forget(job.name, state) : []),
        systemctl('enable', '--now', `${unit(job.name)}.timer`),
      ];
      // A running timer would take up the new time, and the old stamp, already at the daemon-reload.
      const start =
        isNewTime && state.isActive
          ? [systemctl('stop', `${unit(job.name)}.timer`), ...restart].map(orGoOn(job.name))
          : restart;
      const steps = await secret(job.name).around([...unitSteps, ...start], job.secrets);
      // There are steps for files only if these change.
      const isSame = steps.length === start.length;
      return isSame && state.isActive && state.isEnabled && !state.needsReload ? [] : steps;
    },
    async uninstall(name) {
      if (userName !== null && userName !== userIn((await read(service(name))) ?? '')) return [];
      const unitSteps = [
        ...(await fileStep(timer(name), null, isTimer)),
        ...(await fileStep(service(name), null, isService)),
      ];
      const files = await secret(name).around(unitSteps, []);
      if (unitSteps.length === 0) return files;
      const state = await stateOf(run, mode, `${unit(name)}.timer`);
      const isOn = state.isActive || state.isEnabled;
      const off = isOn ? [systemctl('disable', '--now', `${unit(name)}.timer`)] : [];
      const forgotten = (await calendarNow(name)) === '' ? [] : forget(name, state);
      return [...off, ...forgotten, ...files, systemctl('daemon-reload')];
    },
    startCommand: (name) => ['systemctl', ...mode, 'start', '--no-block', `${unit(name)}.service`].join(' '),
    async list() {
      const services = await filesIn(unitFolder(), /^livinglock-(.+)\.service$/, isService);
      const timers = await filesIn(unitFolder(), /^livinglock-(.+)\.timer$/, isTimer);
      const serviceTo = (name: string) => services.find((each) => each.name === name)?.text ?? '';
      const wanted = timers.filter(({ name }) => userName === null || userIn(serviceTo(name)) === userName);
      const next = wanted.length === 0 ? new Map() : await nextElapses(run, mode);
      return wanted.map(({ name, text }) => {
        const wordsOfJob = wordsOf(serviceTo(name));
        return {
          name,
          scheduler: 'systemd' as const,
          when: TIMER.exec(text)?.[1] ?? '',
          next: next.get(`${unit(name)}.timer`) ?? null,
          command: commandIn(wordsOfJob),
          programs: programsIn(wordsOfJob.map(pathIn)),
        };
      });
    },
  };
}

/** Whether the units of this user run without a login. A user without a name is not known to do so. */
function lingers(folder: string): boolean {
  return attempt(() => existsSync(join(folder, userInfo().username)), false);
}

function notesOf({ timing }: Job): string[] {
  if (onCalendar(timing) !== null) return [];
  return [
    `OnCalendar= cannot express "${describeTiming(timing)}", so the interval is counted from the last start, and Persistent= does not apply: runs missed while the machine was off are not made up for.`,
  ];
}

/** Whether we have written this unit, even if somebody has edited parts of it since. */
function isService(text: string): boolean {
  return /^Description=The job .*, run by livinglock$/m.test(text) || text.includes(`\n${ENDING}\n`);
}

function isTimer(text: string): boolean {
  return TIMER.test(text) || text.includes(`\n${ACCURACY}\n`);
}

function unit(name: string): string {
  return `livinglock-${name}`;
}

function serviceOf(
  { name, command, directory, lockFolder, conflictExitCode, isHardened }: Job,
  userName: string | null,
  secretPath: string | null,
): string {
  if (/\p{Cc}|[\s\\]$/u.test(directory)) {
    throw refused('systemd cannot take this folder as WorkingDirectory=. Name another one with --directory.');
  }
  const [program = '', ...args] = command;
  const writable = lockFolder === null ? '' : `ReadWritePaths=${quoteSystemdPath(`-${lockFolder}`)}\n`;
  return `[Unit]
Description=The job ${name}, run by livinglock

[Service]
Type=oneshot
${userName === null ? '' : `User=${userName}\n`}WorkingDirectory=${directory.replaceAll('%', '%%')}
${secretPath === null ? '' : `EnvironmentFile=${secretPath.replaceAll('%', '%%')}\n`}ExecStart=${[quoteSystemdPath(program), ...args.map(quoteForSystemd)].join(' ')}
# ${conflictExitCode}: the lock was held, so this run was skipped. 143: the run was ended by SIGTERM, as by systemctl stop.
SuccessExitStatus=${conflictExitCode} 143
${ENDING}
KillMode=mixed
# Whatever hardening you add must leave the folder of the lock writable, and other processes visible (no ProtectProc=).
${isHardened ? `${writable}${HARDENING}` : ''}`;
}

function timerOf({ name, timing }: Job): string {
  return `[Unit]
Description=Starts the job ${name} ${describeTiming(timing)}

[Timer]
${triggerOf(timing)}
${ACCURACY}
AccuracySec=1s

[Install]
WantedBy=timers.target
`;
}

function triggerOf(timing: Timing): string {
  const expressions = onCalendar(timing);
  if (expressions !== null) {
    return [...expressions.map((expression) => `OnCalendar=${expression}`), 'Persistent=true'].join('\n');
  }
  const seconds = timing.kind === 'every' ? timing.seconds : 0;
  return `# From one start to the next; Persistent= would have no effect.\nOnActiveSec=${seconds}s\nOnUnitActiveSec=${seconds}s`;
}

/** Who runs the job of a service of the system. */
function userIn(service: string): string {
  return /^User=(.*)$/m.exec(service)?.[1] ?? 'root';
}

/** Its lines with times; empty for a timer without. */
function calendarIn(timer: string): string {
  return timer.match(/^OnCalendar=.*$/gm)?.join('\n') ?? '';
}

function wordsOf(service: string): readonly string[] {
  return words(/^ExecStart=(.*)$/m.exec(service)?.[1] ?? '');
}

/** By timer. From the first column of `list-timers`, which exists in every version. It does not list inactive timers. */
async function nextElapses(run: RunProgram, mode: readonly string[]): Promise<Map<string, Date>> {
  const args = [...mode, 'list-timers', '--no-legend', '--no-pager', unit('*.timer')];
  const { stdout } = await run('systemctl', args);
  const lines = stdout
    .toString()
    .matchAll(/^\s*[A-Z][a-z]{2} (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) .*\s(\S+\.timer)\s/gm);
  return new Map(Array.from(lines, ([, date, time, name = '']) => [name, new Date(`${date}T${time}`)]));
}

/** What systemd knows about a timer. */
interface State {
  readonly isActive: boolean;
  readonly isEnabled: boolean;
  readonly hasFailed: boolean;
  /** Whether its file has changed since systemd read it. */
  readonly needsReload: boolean;
}

/** Run first: where systemd cannot be reached it fails before anything is changed. */
async function stateOf(run: RunProgram, mode: readonly string[], timer: string): Promise<State> {
  const args = [...mode, 'is-active', timer];
  const active = await run('systemctl', args);
  const word = active.stdout.toString().trim();
  if (word === '') throw failure('systemctl', args, active);
  const enabled = await run('systemctl', [...mode, 'is-enabled', timer]);
  const shown = await run('systemctl', [...mode, 'show', '--property=NeedDaemonReload', timer]);
  return {
    isActive: word === 'active',
    isEnabled: enabled.status === 0,
    hasFailed: word === 'failed',
    needsReload: shown.stdout.toString().includes('NeedDaemonReload=yes'),
  };
}
