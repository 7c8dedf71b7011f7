import { CliError } from './errors/cli-error.js';
import { ExitCode } from './errors/exit-codes.js';
import { defineCommand } from './grammar/command-definition.js';
import type { Options, Values } from './grammar/option.js';
import { InvalidArgument, matching, parsePositiveDuration, withUnit } from './grammar/parse-value.js';
import { answer } from './terminal/messages.js';

const OPTIONS = {
  processes: {
    flags: '--processes <number>',
    description: 'number of contenders at a time',
    parse: parseProcesses,
    default: { value: 4 },
  },
  duration: {
    flags: '--duration <time>',
    description: 'how long they contend',
    parse: parsePositiveDuration,
    default: { value: 3000, name: '3s' },
  },
  json: { flags: '--json', description: 'print the report as JSON' },
} as const satisfies Options;

export const VERIFY = defineCommand({
  name: 'verify',
  summary: 'check whether locks can be kept in a folder',
  description:
    'Reports whether a lock can be kept in a folder, for instance on NFS, SMB, FUSE or a container volume. Tries, one by one, the system calls that a lock relies on, then lets several processes contend for a lock there and kills some of them. Leaves nothing behind.',
  options: OPTIONS,
  operands: {
    dir: {
      term: '<dir>',
      description: 'the folder to keep the lock in',
      parse: matching(/./s, 'Name a folder.'),
    },
  },
  notes: `Examples:
  livinglock verify /mnt/share
  livinglock verify --duration 1m --processes 8 --json /mnt/share

Exits with 0 if no two processes can hold a lock there at once, with 1 if the folder is unsafe.`,
  run: ({ dir, ...options }) => verify(dir, options),
});

async function verify(
  directory: string,
  { processes, duration, json }: Values<typeof OPTIONS>,
): Promise<number> {
  const { ErrLockStore, formatFileSystemReport, verifyFileSystem } = await import('../index.js');
  try {
    const report = await verifyFileSystem(directory, { processes, duration: withUnit(duration) });
    const text = json ? JSON.stringify(report, null, 2) : formatFileSystemReport(report);
    return answer(report.verdict === 'unsafe' ? ExitCode.no : ExitCode.ok, text);
  } catch (error) {
    if (!(error instanceof ErrLockStore)) throw error;
    throw new CliError(ExitCode.noInput, error.message, { cause: error });
  }
}

function parseProcesses(text: string): number {
  const processes = Number(text);
  if (/^\d+$/.test(text) && processes >= 2) return processes;
  throw new InvalidArgument('It must be a whole number of at least 2.');
}
