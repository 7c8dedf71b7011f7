import { join } from 'node:path';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { Configuration, Installer, Step } from './installer.js';
import { describeTiming, type Job, type Timing } from './job.js';
import { onCalendar } from './on-calendar.js';
import { failure, type RunProgram } from './programs.js';
import { quoteForSystemd, quoteSystemdPath } from './quote.js';
import { fileStep, programStep } from './steps.js';

const LINGER =
  'Units of a user run only while the user is logged in, unless `loginctl enable-linger` was called once.';

/** By a service and a timer of the user's own; see systemd.service(5) and systemd.timer(5). */
export function systemd(run: RunProgram, home: () => string): Installer {
  const file = (name: string) => join(home(), '.config', 'systemd', 'user', name);
  const service = (name: string) => file(`${unit(name)}.service`);
  const timer = (name: string) => file(`${unit(name)}.timer`);
  return {
    configure,
    async install(job) {
      const state = await stateOf(run, `${unit(job.name)}.timer`);
      const files = [
        ...(await fileStep(service(job.name), serviceOf(job))),
        ...(await fileStep(timer(job.name), timerOf(job))),
      ];
      if (files.length === 0 && state.isActive && state.isEnabled) return [];
      return [...files, ...reload(run), systemctl(run, 'enable', '--now', `${unit(job.name)}.timer`)];
    },
    async uninstall(name) {
      const state = await stateOf(run, `${unit(name)}.timer`);
      const files = [...(await fileStep(timer(name), null)), ...(await fileStep(service(name), null))];
      if (files.length === 0) return [];
      const isOn = state.isActive || state.isEnabled;
      const off = isOn ? [systemctl(run, 'disable', '--now', `${unit(name)}.timer`)] : [];
      return [...off, ...files, ...reload(run)];
    },
  };
}

function configure(job: Job): Configuration {
  const files = [
    `# ${unit(job.name)}.service\n${serviceOf(job)}`,
    `# ${unit(job.name)}.timer\n${timerOf(job)}`,
  ];
  const isCalendar = onCalendar(job.timing) !== null;
  const notes = isCalendar
    ? []
    : [
        `No calendar can say "${describeTiming(job.timing)}", so it is counted from the last start, and Persistent= does not apply: what was missed while the machine was off is not made up for.`,
      ];
  return { text: files.join('\n'), notes: [...notes, LINGER] };
}

function unit(name: string): string {
  return `livinglock-${name}`;
}

function serviceOf({ name, command, directory, lockFolder, conflictExitCode }: Job): string {
  if (/\p{Cc}|[\s\\]$/u.test(directory)) {
    throw new CliError(
      ExitCode.usage,
      'systemd cannot take this folder as WorkingDirectory=. Name another one by --directory.',
    );
  }
  const [program = '', ...args] = command;
  const writable = lockFolder === null ? '' : `ReadWritePaths=${quoteSystemdPath(`-${lockFolder}`)}\n`;
  return `[Unit]
Description=The job ${name}, run by livinglock

[Service]
Type=oneshot
WorkingDirectory=${directory.replaceAll('%', '%%')}
ExecStart=${[quoteSystemdPath(program), ...args.map(quoteForSystemd)].join(' ')}
# The lock is held, so this run was skipped.
SuccessExitStatus=${conflictExitCode}
# The run itself passes signals on to the command, and outlives it.
KillMode=mixed
# Hardening. Whatever you add must leave the folder of the lock writable, and other processes visible (no ProtectProc=).
${writable}ProtectSystem=full
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
`;
}

function timerOf({ name, timing }: Job): string {
  return `[Unit]
Description=Starts the job ${name} ${describeTiming(timing)}

[Timer]
${triggerOf(timing)}
# The default is a whole minute.
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

function reload(run: RunProgram): Step[] {
  return [systemctl(run, 'daemon-reload')];
}

function systemctl(run: RunProgram, ...args: readonly string[]): Step {
  return programStep(run, 'systemctl', '--user', ...args);
}

/** Asked first of all, since it fails, before anything was changed, where the user's systemd cannot be reached. */
async function stateOf(run: RunProgram, timer: string): Promise<{ isActive: boolean; isEnabled: boolean }> {
  const args = ['--user', 'is-active', timer];
  const active = await run('systemctl', args);
  const word = active.stdout.toString().trim();
  if (word === '') throw failure('systemctl', args, active);
  const enabled = await run('systemctl', ['--user', 'is-enabled', timer]);
  return { isActive: word === 'active', isEnabled: enabled.status === 0 };
}
