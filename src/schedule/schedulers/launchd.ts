import { dirname, join } from 'node:path';
import { fileStep, filesIn, programStep } from '../install-steps.js';
import { type Configuration, commandIn, type Installer, programsIn } from '../installer.js';
import type { RunProgram } from '../run-program.js';
import { refused } from '../schedule-error.js';
import type { Job } from '../scheduled-job.js';
import { FOR_SHELL, SecretFile } from '../secrets/secret-file.js';
import { ALL_HOURS, ALL_MINUTES, ALL_MONTHS, timesOf } from '../timing/calendar.js';
import { nextOfDescribed } from '../timing/parse-timing.js';
import { describeTiming, HOUR, type Times, type Timing } from '../timing/timing.js';
import { escapeXml, unescapeXml } from './xml.js';

const TIMING = /^<!-- livinglock: (.*?) -->$/m;

/** launchd waits this many seconds between two starts anyway (launchd.plist(5), `ThrottleInterval`). */
const SHORTEST = 10;
/** The most single times in one agent, so that its file stays readable. */
const MOST_TIMES = 1000;

/** Installs jobs as agents of the user; see launchd.plist(5) and launchctl(1). */
export function launchd(run: RunProgram, home: string, uid: number): Installer {
  const plist = (name: string) => join(home, 'Library', 'LaunchAgents', `${labelOf(name)}.plist`);
  const domain = `gui/${uid}`;
  const target = (name: string) => `${domain}/${labelOf(name)}`;
  const isLoaded = async (name: string) => (await run('launchctl', ['print', target(name)])).status === 0;
  const bootout = (name: string) => programStep(run, 'launchctl', 'bootout', target(name));
  const secret = (name: string) => new SecretFile(() => home, 'launchd', name, FOR_SHELL);
  const log = (name: string) => join(home, 'Library', 'Logs', `${labelOf(name)}.log`);
  const agent = (job: Job) => agentOf({ ...job, command: secret(job.name).readBy(job) }, log(job.name));
  const configure = (job: Job): Configuration => ({
    text: agent(job),
    notes: [...secret(job.name).notes(job.secrets), ...notesOf(job.timing)],
  });
  return {
    configure,
    async install(job) {
      const wasLoaded = await isLoaded(job.name);
      const file = await fileStep(plist(job.name), agent(job), isAgent);
      const files = await secret(job.name).around(file, job.secrets);
      if (files.length === 0 && wasLoaded) return [];
      const off = wasLoaded ? [bootout(job.name)] : [];
      return [...off, ...files, programStep(run, 'launchctl', 'bootstrap', domain, plist(job.name))];
    },
    async uninstall(name) {
      const off = (await isLoaded(name)) ? [bootout(name)] : [];
      return [...off, ...(await secret(name).around(await fileStep(plist(name), null, isAgent), []))];
    },
    startCommand: (name) => `launchctl kickstart ${target(name)}`,
    async list(now) {
      const agents = await filesIn(dirname(plist('')), /^livinglock\.(.+)\.plist$/, isAgent);
      return Promise.all(
        agents.map(async ({ name, text }) => {
          const when = TIMING.exec(text)?.[1] ?? '';
          const next = (await isLoaded(name)) ? nextOf(when, now) : null;
          const words = argumentsIn(text);
          const [command, programs] = [commandIn(words), programsIn(words)];
          return { name, scheduler: 'launchd' as const, when, next, command, programs };
        }),
      );
    },
  };
}

/** Whether we have written this, even if a tool for such files has dropped our comment since. */
function isAgent(text: string): boolean {
  return TIMING.test(text) || /<key>Label<\/key>\s*<string>livinglock\..*<\/string>/.test(text);
}

function labelOf(name: string): string {
  return `livinglock.${name}`;
}

/** launchd's calendar has no intervals shorter than an hour. */
function nextOf(when: string, now: Date): Date | null {
  return /^every \d+[ms]$/.test(when) ? null : nextOfDescribed(when, now);
}

function argumentsIn(plist: string): readonly string[] {
  const list = /<key>ProgramArguments<\/key>\s*<array>(.*?)<\/array>/s.exec(plist)?.[1] ?? '';
  return [...list.matchAll(/<string>(.*?)<\/string>/gs)].map(([, word = '']) => unescapeXml(word));
}

function agentOf({ name, command, directory, timing }: Job, log: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<!-- livinglock: ${describeTiming(timing)} -->
<dict>
  <key>Label</key>
  <string>${labelOf(name)}</string>
  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    <string>${escapeXml(word)}</string>`).join('\n')}
  </array>
  <key>WorkingDirectory</key>
  <string>${escapeXml(directory)}</string>
${triggerOf(timing)}
  <key>StandardOutPath</key>
  <string>${escapeXml(log)}</string>
  <key>StandardErrorPath</key>
  <string>${escapeXml(log)}</string>
</dict>
</plist>
`;
}

function triggerOf(timing: Timing): string {
  const times = calendarTimesOf(timing);
  if (times !== null) return calendarInterval(times);
  const seconds = timing.kind === 'every' ? timing.seconds : 0;
  if (seconds >= SHORTEST) return `  <key>StartInterval</key>\n  <integer>${seconds}</integer>`;
  throw refused(`launchd cannot run a job ${describeTiming(timing)}: the shortest interval is ${SHORTEST}s.`);
}

/**
 * `null` for an interval that launchd counts from each login. Hours and days become times of the calendar: an interval starts over at every login,
 * so a daily job would never run on a machine that is switched off at night.
 */
function calendarTimesOf(timing: Timing): Times | null {
  return timing.kind === 'every' && timing.seconds < HOUR ? null : timesOf(timing);
}

/** One dictionary for each time. A missing key stands for all of its values. */
function calendarInterval({ minutes, hours, days, months }: Times): string {
  if (days.by === 'either') {
    throw refused(
      'launchd cannot run a job on days that match either the day of the month or the weekday. Restrict one of the two fields, or let cron run it (--for cron).',
    );
  }
  const dicts = combinations([
    months.length === ALL_MONTHS.length ? [] : months.map((Month) => ({ Month })),
    days.by === 'month' ? days.days.map((Day) => ({ Day })) : [],
    days.by === 'week' ? days.weekdays.map((Weekday) => ({ Weekday })) : [],
    hours.length === ALL_HOURS.length ? [] : hours.map((Hour) => ({ Hour })),
    minutes.length === ALL_MINUTES.length ? [] : minutes.map((Minute) => ({ Minute })),
  ]);
  if (dicts.length > MOST_TIMES) {
    throw refused(
      `launchd needs each time listed separately: these would be ${dicts.length}, but livinglock writes at most ${MOST_TIMES}. Give an interval (--every), or let cron run it (--for cron).`,
    );
  }
  const lines = dicts.map((time) => {
    const entries = Object.entries(time).map(
      ([key, value]) => `<key>${key}</key><integer>${value}</integer>`,
    );
    return `    <dict>${entries.join('')}</dict>`;
  });
  return `  <key>StartCalendarInterval</key>\n  <array>\n${lines.join('\n')}\n  </array>`;
}

type Time = Readonly<Record<string, number>>;

/** An empty list leaves its key out. */
function combinations(lists: readonly (readonly Time[])[]): Time[] {
  return lists.reduce<Time[]>(
    (times, list) =>
      list.length === 0 ? times : times.flatMap((time) => list.map((each) => ({ ...time, ...each }))),
    [{}],
  );
}

function notesOf(timing: Timing): string[] {
  return calendarTimesOf(timing) === null
    ? [`launchd counts "${describeTiming(timing)}" from each login.`]
    : [];
}
