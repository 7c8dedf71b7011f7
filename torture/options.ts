import { accessSync, constants, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { BREAKAGES } from '../support/breakages/index.js';
import { canMakeNamespaces } from './namespaces/namespace.js';
import { readInteger, readNumber } from './numbers.js';

export const HELP = `Usage: npm run torture -- [OPTIONS]

Processes acquire, hold, beat and release one lock in a loop, while they are killed and stopped at random moments,
half of the time by themselves at one of the library's file-system calls. A lock of the kernel tells which process is inside.
Reports the result. Not on Windows, where no process can be stopped.

  --processes N         number of contenders. Default: 8
  --commands N          number of commands that contend beside them, each run by livinglock run: a process and its child, which
                        work at the same time. Three out of four runs are struck: their runner, process or child is killed, or several of them,
                        or the runner gets a signal that it passes on. Default: 4
  --namespaces N        runs the processes in N PID namespaces, as in containers; the commands stay outside. One in four of the kills from outside
                        kills the first process of a namespace, and so all others in it. Needs Linux, root, unshare and nsenter (util-linux),
                        and bash. Default: 0
  --seconds N           duration. Default: 60
  --kill P              probability that one of the processes is killed in a round, from 0 to 1. Default: 0.1
  --stop P              probability that it is stopped, for up to three seconds. Default: 0.1
  --stale-timeout MS    the locks' staleTimeout in milliseconds. Default: a day, so that nobody may be taken over while
                        alive. With 1000, holders that are stopped for longer may be, and must find out
  --seed N              repeats the random choices, though not the timing of the machine. Default: a new one each time
  --folder DIR          where to create the folder with the lock: the file system to test. Default: ${tmpdir()}
  --help                this text

Exit codes: 0 all that must hold did, 1 it did not, 2 wrong arguments, 130 interrupted.`;

const DAY = 86_400_000;
/** The times of all acquisitions are kept in memory. */
const MOST_SECONDS = 86_400;
const MOST_PROCESSES = 256;
const MOST_COMMANDS = 64;
const MOST_NAMESPACES = 64;

export interface TortureOptions {
  readonly processes: number;
  readonly commands: number;
  /** How many PID namespaces the processes are in; 0: they are beside the torture. */
  readonly namespaces: number;
  readonly seconds: number;
  /** Probabilities. */
  readonly kill: number;
  readonly stop: number;
  readonly seed: number;
  /** Milliseconds. */
  readonly staleTimeout: number;
  readonly folder: string;
  /** A breakage from `support/breakages/`, to see whether it is found; empty: nothing is broken. */
  readonly breakage: string;
}

/** `'help'` if that is asked for. Throws an error with a message for the user if an argument is wrong. */
export function readOptions(args: readonly string[]): TortureOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      processes: { type: 'string', default: '8' },
      commands: { type: 'string', default: '4' },
      namespaces: { type: 'string', default: '0' },
      seconds: { type: 'string', default: '60' },
      kill: { type: 'string', default: '0.1' },
      stop: { type: 'string', default: '0.1' },
      'stale-timeout': { type: 'string', default: String(DAY) },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      folder: { type: 'string', default: tmpdir() },
      breakage: { type: 'string', default: '' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return 'help';
  const kill = readNumber('kill', values.kill, 0, 1);
  return {
    processes: readInteger('processes', values.processes, 1, MOST_PROCESSES),
    commands: readInteger('commands', values.commands, 0, MOST_COMMANDS),
    namespaces: readNamespaces(values.namespaces),
    seconds: readNumber('seconds', values.seconds, 0, MOST_SECONDS),
    kill,
    // At most one of the two happens.
    stop: readNumber('stop', values.stop, 0, 1 - kill),
    staleTimeout: readNumber('stale-timeout', values['stale-timeout'], 1, Number.MAX_SAFE_INTEGER),
    seed: readInteger('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
    folder: readFolder(values.folder),
    breakage: readBreakage(values.breakage),
  };
}

function readNamespaces(text: string): number {
  const number = readInteger('namespaces', text, 0, MOST_NAMESPACES);
  if (number === 0 || canMakeNamespaces()) return number;
  throw new Error('--namespaces needs Linux, root, unshare and nsenter (util-linux), and bash.');
}

function readFolder(path: string): string {
  if (isWritableFolder(path)) return path;
  throw new RangeError(`--folder must be a folder that can be written to, but is '${path}'.`);
}

function isWritableFolder(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function readBreakage(name: string): string {
  if (name === '' || BREAKAGES.includes(name)) return name;
  throw new RangeError(`--breakage must be one of ${BREAKAGES.join(', ')}, but is '${name}'.`);
}
