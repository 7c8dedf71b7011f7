import { spawnSync } from 'node:child_process';
import type { Step } from '../../src/schedule/installer.js';
import type { Result, RunProgram } from '../../src/schedule/run-program.js';
import { ScheduleError } from '../../src/schedule/schedule-error.js';
import type { Job } from '../../src/schedule/scheduled-job.js';

/** Arguments in which something on the way could find a special meaning. */
export const NASTY: readonly string[] = [
  'a b',
  "it's",
  '"quoted"',
  '100%',
  '%PATH% %%',
  '$HOME $(id) `id`',
  ['$', '{HOME}'].join(''),
  '$(Arg0)',
  '\\',
  '\\\\',
  'C:\\folder\\',
  'a\\%b',
  '\\"',
  "\\'",
  '* ? [a] ~ {a,b}',
  ';',
  '#',
  '-x',
  '!x',
  '<a> & <b/>',
  'Überprüfung 日本語 🔒',
  '',
];

export function someJob(changes: Partial<Job> = {}): Job {
  return {
    name: 'parser',
    timing: { kind: 'every', seconds: 120 },
    command: ['/usr/bin/node', '/opt/livinglock.js', 'run', 'parser', '--', '/usr/bin/true'],
    directory: '/srv/shop',
    lockFolder: '/home/batch/.local/state/livinglock/8c41f0d2a6b35e97',
    secrets: [],
    isHardened: false,
    conflictExitCode: 75,
    ...changes,
  };
}

/** The home folder of a user who has none. */
export function NOWHERE(): string {
  throw new ScheduleError('refused', 'There is no home folder.');
}

/** Stands in for the system's programs, and remembers their calls. */
export class FakePrograms {
  readonly calls: string[] = [];
  readonly #answer: (call: string, input: Buffer) => Partial<Result>;

  /** @param answer Returns whatever differs from silent success. */
  constructor(answer: (call: string, input: Buffer) => Partial<Result> = () => ({})) {
    this.#answer = answer;
  }

  readonly run: RunProgram = async (program, args, input = new Uint8Array()) => {
    const call = [program, ...args].join(' ');
    this.calls.push(call);
    return { status: 0, stdout: Buffer.alloc(0), stderr: '', ...this.#answer(call, Buffer.from(input)) };
  };
}

/** A user's crontab, and the program that shows and replaces it, as crontab(1) does. */
export class FakeCrontab extends FakePrograms {
  content: Buffer | null;
  /** The user whose crontab was asked for; `null` for the current user. */
  readonly users = new Set<string | null>();

  constructor(content: Buffer | string | null) {
    super((call, input) => {
      this.users.add(/ -u (\S+)/.exec(call)?.[1] ?? null);
      switch (call.replace(/ -u \S+/, '')) {
        case 'crontab -l':
          return this.content === null
            ? { status: 1, stderr: 'no crontab for batch\n' }
            : { stdout: this.content };
        case 'crontab -':
          this.content = input;
          return {};
        case 'crontab -r':
          this.content = null;
          return {};
        default:
          throw new Error(`Unexpected: ${call}`);
      }
    });
    this.content = content === null ? null : Buffer.from(content);
  }
}

export async function apply(steps: readonly Step[]): Promise<void> {
  for (const step of steps) await step.apply();
}

export function linesOf(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => step.lines);
}

/** The refusal of a call, in one line: `<reason>: <message>`. */
export function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ScheduleError) return `${error.reason}: ${error.message}`;
    throw error;
  }
  return 'not refused';
}

export function isInstalled(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
