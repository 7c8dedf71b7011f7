import { constants, fstatSync, openSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { attempt } from '../../../system/attempt.js';
import { flagsOf } from '../../../system/files/descriptor-flags.js';

/** `O_ACCMODE` in fcntl(2): whether a descriptor reads (0) or writes (1). */
const ACCESS_MODE = 0o3;
/** On Linux. Node has no constant for it. */
const O_CLOEXEC = 0o2000000;

interface Descriptor {
  readonly number: number;
  readonly status: Stats;
}

/**
 * The descriptors beyond stderr that this process inherited, to be handed to the command: a process substitution of the shell,
 * a lock of flock(1), sockets of systemd, make's job server. Must be called before this process opens any itself.
 *
 * Node marks every descriptor as close-on-exec (`uv_disable_stdio_inheritance` in libuv), so flags do not tell which ones Node
 * opened for itself. Node's own are not files (epoll, eventfd), or they are pipes with both ends here.
 */
export function givenDescriptors(): readonly number[] {
  if (process.platform === 'win32') return [];
  const all = openDescriptors();
  const own = ownPipes(all);
  const jobServer = jobServerDescriptors(process.env['MAKEFLAGS'] ?? '');
  return all
    .filter(({ number }) => number > 2)
    .filter(
      ({ number, status }) => isPassable(status) && (jobServer.includes(number) || !own.has(fileOf(status))),
    )
    .map(({ number }) => number);
}

/** Whether it would reach the command by itself. Its number may be too high for this process to hand on (RLIMIT_NOFILE). */
export function staysOpen(descriptor: number): boolean {
  const flags = flagsOf(descriptor);
  return flags !== null && (flags & O_CLOEXEC) === 0;
}

/** How `spawn` sets up one descriptor. */
export type Stdio = 'inherit' | 'ignore' | 'pipe' | number;

/** For a process that must not keep open what this one was given for the command, and could not close on exec. */
export function withoutInherited(stdio: readonly Stdio[], given: readonly number[]): Stdio[] {
  const all = [...stdio];
  for (const number of given.filter((each) => each >= stdio.length && staysOpen(each))) {
    put(all, number, nothing());
  }
  return all;
}

/** Descriptors below it that nobody has set up are left as they are. */
export function put(stdio: Stdio[], number: number, what: Stdio): void {
  while (stdio.length < number) stdio.push('ignore');
  stdio[number] = what;
}

let devNull: number | undefined;

/** What 'ignore' is for the standard streams only: any other descriptor it leaves open. */
function nothing(): number {
  devNull ??= openSync('/dev/null', 'r+');
  return devNull;
}

/** `/dev/fd` exists on Linux, macOS and BSD. The descriptor that reads it is closed again by then. */
function openDescriptors(): Descriptor[] {
  return attempt(() => readdirSync('/dev/fd'), []).flatMap((name) => {
    const number = Number(name);
    const status = attempt(() => fstatSync(number), null);
    return status === null ? [] : [{ number, status }];
  });
}

/** What only the kernel has, such as epoll, has no type. */
function isPassable({ mode }: Stats): boolean {
  return (mode & constants.S_IFMT) !== 0;
}

/** Unnamed pipes that this process can both read and write, other than through its standard streams. */
function ownPipes(all: readonly Descriptor[]): ReadonlySet<string> {
  const standardStreams = new Set(
    all.filter(({ number }) => number <= 2).map(({ status }) => fileOf(status)),
  );
  const pipes = all.filter(
    ({ number, status }) =>
      number > 2 && status.isFIFO() && !standardStreams.has(fileOf(status)) && !hasName(number),
  );
  const modes = new Map<string, Set<number>>();
  for (const { number, status } of pipes) {
    const file = fileOf(status);
    modes.set(file, (modes.get(file) ?? new Set()).add(accessOf(number)));
  }
  return new Set([...modes].filter(([, seen]) => seen.size > 1).map(([file]) => file));
}

function fileOf({ dev, ino }: Stats): string {
  return `${dev} ${ino}`;
}

function hasName(descriptor: number): boolean {
  return attempt(() => !readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('pipe:'), false);
}

/** If the system does not tell, two descriptors of one pipe count as its two ends. */
function accessOf(descriptor: number): number {
  const flags = flagsOf(descriptor);
  return flags === null ? descriptor + ACCESS_MODE : flags & ACCESS_MODE;
}

/** `--jobserver-auth=3,4` (GNU make, "POSIX Jobserver"); before 4.2 it was `--jobserver-fds`. A named pipe needs no descriptor. */
function jobServerDescriptors(flags: string): readonly number[] {
  const [, ...pair] = /--jobserver-(?:auth|fds)=(\d+),(\d+)/.exec(flags) ?? [];
  return pair.map(Number);
}
