import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programStep } from '../install-steps.js';
import { commandIn, type Installer, programsIn, type Scheduled, type Step } from '../installer.js';
import { quoteForWindows, words } from '../quote.js';
import { expectSuccess, type RunProgram } from '../run-program.js';
import { refused } from '../schedule-error.js';
import type { Job } from '../scheduled-job.js';
import { nextOfDescribed } from '../timing/parse-timing.js';
import { triggersOf } from '../timing/task-trigger.js';
import { describeTiming } from '../timing/timing.js';
import { escapeXmlToAscii, unescapeXml } from './xml.js';

const LOGGED_ON = 'The task runs only while you are logged on.';

/** Installs jobs as tasks in a folder of ours; see "schtasks" and "Task Scheduler Schema" on learn.microsoft.com. */
export function taskScheduler(run: RunProgram): Installer {
  const query = (name: string) => run('schtasks', ['/query', '/tn', pathOf(name), '/xml']);
  return {
    configure: (job) => ({ text: taskOf(job), notes: [LOGGED_ON] }),
    async install(job) {
      const task = taskOf(job);
      const installed = await query(job.name);
      const isThere = installed.status === 0;
      // Windows returns the XML in another form, but with this in it.
      if (isThere && installed.stdout.toString('latin1').includes(fingerprintOf(job))) return [];
      return [creation(run, job.name, task, isThere)];
    },
    async uninstall(name) {
      if ((await query(name)).status !== 0) return [];
      return [programStep(run, 'schtasks', '/delete', '/tn', pathOf(name), '/f')];
    },
    startCommand: (name) => `schtasks /run /tn ${pathOf(name)}`,
    async list(now) {
      const args = ['/query', '/fo', 'CSV', '/nh'];
      const all = (await expectSuccess(run, 'schtasks', args)).toString('latin1');
      // A task with several triggers is listed once for each.
      const names = new Set([...all.matchAll(/^"\\livinglock\\([^"\\]+)"/gm)].map(([, name = '']) => name));
      return Promise.all([...names].map(async (name) => scheduledBy(name, (await query(name)).stdout, now)));
    },
  };
}

/** All of it is ASCII, whether Windows returns UTF-16 or not. */
function scheduledBy(name: string, xml: Buffer, now: Date): Scheduled {
  const text = xml.toString('latin1').replaceAll('\0', '');
  const textOf = (element: string) =>
    unescapeXml(new RegExp(`<${element}>([^<]*)</${element}>`).exec(text)?.[1] ?? '');
  const when = / run by livinglock (.*)$/s.exec(textOf('Description'))?.[1] ?? '';
  const next = nextOfDescribed(when, now);
  const args = words(textOf('Arguments'));
  // A path contains no quotes, and a backslash in one means itself.
  const programs = programsIn([textOf('Command'), ...args.map((word) => word.replaceAll('"', ''))]);
  return { name, scheduler: 'task-scheduler', when, next, command: commandIn(args), programs };
}

function pathOf(name: string): string {
  return `\\livinglock\\${name}`;
}

function creation(run: RunProgram, name: string, task: string, isThere: boolean): Step {
  const shown = task.trimEnd().split('\n');
  return {
    lines: [
      `the task ${pathOf(name)}`,
      ...(isThere ? ['- the old content'] : []),
      ...shown.map((line) => `+ ${line}`),
    ],
    async apply() {
      const folder = await mkdtemp(join(tmpdir(), 'livinglock-'));
      try {
        const file = join(folder, 'task.xml');
        // schtasks itself writes and accepts UTF-16 with a byte order mark.
        await writeFile(file, `\ufeff${task}`.replaceAll('\n', '\r\n'), 'utf16le');
        await expectSuccess(run, 'schtasks', ['/create', '/tn', pathOf(name), '/xml', file, '/f']);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** In ASCII and without a declared encoding, so it is valid as UTF-8 and as UTF-16, whichever a shell writes to a file. */
function taskOf(job: Job): string {
  const [secret] = job.secrets;
  if (secret !== undefined) {
    throw refused(`${secret.reason}, which the Task Scheduler has nowhere to keep. ${secret.remedy}`);
  }
  return bodyOf(job, fingerprintOf(job));
}

function fingerprintOf(job: Job): string {
  return `livinglock ${createHash('sha256').update(bodyOf(job, '')).digest('hex').slice(0, 16)}`;
}

/**
 * `Parallel`, because the lock is to decide: the next run must be able to take over from a frozen one. No time limit, because the
 * default ends a task after three days.
 */
function bodyOf(
  { name, timing, command: [program = '', ...args], directory }: Job,
  fingerprint: string,
): string {
  return `<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Source>${fingerprint}</Source>
    <Description>The job ${name}, run by livinglock ${describeTiming(timing)}</Description>
  </RegistrationInfo>
  <Triggers>
${triggersOf(timing)}
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>Parallel</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escapeXmlToAscii(program)}</Command>
      <Arguments>${escapeXmlToAscii(args.map(quoteForWindows).join(' '))}</Arguments>
      <WorkingDirectory>${escapeXmlToAscii(directory)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
`;
}
