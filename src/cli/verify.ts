import { type Command, Option } from 'commander';
import { parsePositiveDuration } from './duration.js';
import { CliError } from './errors/cli-error.js';
import { ExitCode } from './errors/exit-codes.js';
import { InvalidArgument } from './invalid-argument.js';
import { print } from './terminal/messages.js';

interface Given {
  readonly processes: number;
  readonly duration: number;
  readonly json?: true;
}

export function defineVerify(program: Command): void {
  program
    .command('verify')
    .summary('say whether locks can be kept in a folder')
    .description(
      'Says in plain words whether a lock can be kept in a folder, on NFS, SMB, FUSE or a volume of a container, say. Tries the calls that a lock relies on one by one, then lets several processes contend for a lock there and kills some of them. Leaves nothing behind.',
    )
    .argument('<dir>', 'the folder in which the lock is to lie', parseFolder)
    .addOption(
      new Option('--processes <number>', 'how many contend at a time').argParser(parseProcesses).default(4),
    )
    .addOption(
      new Option('--duration <time>', 'for how long they contend')
        .argParser(parsePositiveDuration)
        .default(3000, '3s'),
    )
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Examples:
  livinglock verify /mnt/share
  livinglock verify --duration 1m --processes 8 --json /mnt/share

Exits with 0 if never two hold a lock at once there, with 1 if it is unsafe.`,
    )
    .action(async (directory: string, given: Given) => {
      process.exitCode = await verify(directory, given);
    });
}

async function verify(directory: string, { processes, duration, json }: Given): Promise<number> {
  const { ErrLockStore, formatFileSystemReport, verifyFileSystem } = await import('../index.js');
  try {
    const report = await verifyFileSystem(directory, { processes, duration });
    await print(json ? JSON.stringify(report, null, 2) : formatFileSystemReport(report));
    return report.verdict === 'unsafe' ? ExitCode.no : ExitCode.ok;
  } catch (error) {
    if (!(error instanceof ErrLockStore)) throw error;
    throw new CliError(ExitCode.noInput, error.message, { cause: error });
  }
}

function parseFolder(text: string): string {
  if (text !== '' && !text.includes('\0')) return text;
  throw new InvalidArgument('Name a folder.');
}

function parseProcesses(text: string): number {
  const processes = Number(text);
  if (/^\d+$/.test(text) && processes >= 2) return processes;
  throw new InvalidArgument('It must be a whole number from 2 on.');
}
