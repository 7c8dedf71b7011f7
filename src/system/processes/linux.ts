import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { performance } from 'node:perf_hooks';
import { attempt } from '../attempt.js';
import { bootTime } from '../clock.js';
import { ancestorsBy, processExists } from './process-exists.js';
import { INITIAL_PID_NAMESPACE, type ProcessIdentity } from './process-identity.js';
import type { AgeRange, GroupMember, ProcessLook, ProcessProbe } from './process-table.js';

/** As {@link INITIAL_PID_NAMESPACE}, for user namespaces (user_namespaces(7)): `PROC_USER_INIT_INO`. */
const INITIAL_USER_NAMESPACE = 'user:[4026531837]';

/** The same for time namespaces (time_namespaces(7)): `PROC_TIME_INIT_INO`. */
const INITIAL_TIME_NAMESPACE = 'time:[4026531834]';

/** The names of inherited sockets. A record must not be able to name sockets of other programs. */
const SOCKET_NAME = /^livinglock\/[\da-f-]{36}$/;

/** The number of the capability that lets a process see what `hidepid` hides (proc(5), capabilities(7)). */
const CAP_SYS_PTRACE = 19n;

/** How many readings must miss a socket. On a machine where sockets come and go all the time, one list of 3,000 is wrong. */
const SOCKET_READINGS = 3;

/** Milliseconds: `USER_HZ` is 100 wherever Node runs. */
const TICK = 10;

/** `/proc/uptime` is cut to hundredths of a second, and milliseconds pass between reading two clocks. */
const UPTIME_TOLERANCE = 100;

/** Files that the kernel and the first programs create within `EARLY` milliseconds of the machine's start. Their times are kept in memory. */
const WITNESSES = ['/proc', '/proc/1', '/sys', '/sys/fs/cgroup', '/dev', '/dev/shm', '/run'];
const EARLY = 60_000;

/** Linux, by `/proc` (proc(5)). */
export class LinuxProbe implements ProcessProbe {
  readonly trustsHostname = false;
  readonly hasGroups = true;
  readonly exists = processExists;
  readonly #proc: string;
  #self: ProcessIdentity | undefined;
  #procSelf: string | null = null;

  /** @param proc Where proc(5) is mounted. */
  constructor(proc = '/proc') {
    this.#proc = proc;
  }

  self(): ProcessIdentity {
    if (this.#self !== undefined) return this.#self;
    const self = {
      pid: process.pid,
      hostname: hostname(),
      bootId: attempt(() => this.#bootId(), null),
      pidNamespace: attempt(() => readlinkSync(`${this.#proc}/self/ns/pid`), null),
      started: this.#stat('self')?.started ?? null,
    };
    // What could not be read now, for example with too many open files, may be readable next time.
    if (self.bootId !== null && self.pidNamespace !== null && self.started !== null) this.#self = self;
    return self;
  }

  /** A time namespace changes start times and the monotonic clock, so processes outside it count as another boot. */
  #bootId(): string {
    const bootId = readFileSync(`${this.#proc}/sys/kernel/random/boot_id`, 'utf8').trim();
    const timeNamespace = attempt(() => readlinkSync(`${this.#proc}/self/ns/time`), null);
    const isInitial = timeNamespace === null || timeNamespace === INITIAL_TIME_NAMESPACE;
    return isInitial ? bootId : `${bootId} ${timeNamespace}`;
  }

  look(pid: number): ProcessLook | null {
    return this.#isProcOurs() ? this.#stat(pid) : null;
  }

  members(group: number): readonly GroupMember[] {
    if (!this.#isProcOurs()) return [];
    return this.#pids().flatMap((pid) => {
      const stat = this.#stat(pid);
      return stat?.group === group ? [{ pid: Number(pid), zombie: stat.zombie, threads: stat.threads }] : [];
    });
  }

  /** With `hidepid`, `/proc` hides other users' processes, or what they are (proc(5)). */
  mayHide(): boolean {
    const mounts = attempt(() => readFileSync(`${this.#proc}/self/mountinfo`, 'utf8'), null);
    if (mounts === null || !this.#isProcOurs()) return true;
    // If several are mounted over each other, the last one counts.
    const mount = mounts.split('\n').findLast((line) => line.split(' ')[4] === this.#proc);
    return mount === undefined || (mount.includes('hidepid=') && !this.#maySeeHidden());
  }

  /** Within a user namespace the capability covers only the processes in it (user_namespaces(7)). */
  #maySeeHidden(): boolean {
    if (attempt(() => readlinkSync(`${this.#proc}/self/ns/user`), null) !== INITIAL_USER_NAMESPACE)
      return false;
    const capabilities = BigInt(`0x${this.#status('self', 'CapEff') ?? '0'}`);
    return ((capabilities >> CAP_SYS_PTRACE) & 1n) === 1n;
  }

  /** The kernel returns the list in pieces, between which sockets come and go. A list may miss a socket that exists all the time. */
  isSocketOpen(socket: string): 'yes' | 'no' | 'unclear' {
    for (let reading = 0; reading < SOCKET_READINGS; reading++) {
      const sockets = this.#socketsOf(socket);
      if (sockets === null) return 'unclear';
      if (sockets.length > 0) return 'yes';
    }
    return 'no';
  }

  socketOwners(socket: string): readonly number[] {
    if (!this.#isProcOurs()) return [];
    const links = (this.#socketsOf(socket) ?? []).map((inode) => `socket:[${inode}]`);
    return this.#pids()
      .filter((pid) => {
        const folder = `${this.#proc}/${pid}/fd`;
        const descriptors = attempt(() => readdirSync(folder), []);
        return descriptors.some((name) =>
          links.includes(attempt(() => readlinkSync(`${folder}/${name}`), '')),
        );
      })
      .map(Number);
  }

  /**
   * The inode numbers of all sockets of that name, from the list of this network namespace (proc_pid_net(5)). Connecting to the socket could
   * have an effect. Some versions of libuv pad the name with NULs, which the list shows as `@`.
   */
  #socketsOf(socket: string): readonly string[] | null {
    const [namespace, name = '', number = ''] = socket.split(' ');
    if (!SOCKET_NAME.test(name) || !/^\d+$/.test(number)) return null;
    if (namespace !== attempt(() => readlinkSync(`${this.#proc}/self/ns/net`), null)) return null;
    const list = attempt(() => readFileSync(`${this.#proc}/self/net/unix`, 'utf8'), null);
    return (
      list?.split('\n').flatMap((line) => {
        const [inode, path] = line.split(' ').slice(-2);
        // Anybody can bind a datagram socket of the same name, but it has another inode number.
        return inode === number && path?.replace(/@+$/, '') === `@${name}` ? [inode] : [];
      }) ?? null
    );
  }

  /** A container is up as long as its first process. That is counted from the start of the machine (proc_pid_stat(5)). */
  uptime(): number | null {
    const started = this.look(1)?.started ?? null;
    return started === null ? null : uptime() * 1000 - Number(started) * TICK;
  }

  sameStart(recorded: string, current: string): 'yes' | 'no' {
    return recorded === current ? 'yes' : 'no';
  }

  /**
   * In the initial namespace every process of the machine is visible, with its PIDs in inner namespaces
   * (`NSpid`, proc_pid_status(5)). In any other namespace, or if `/proc` hides processes, it cannot be known.
   */
  mayExistElsewhere(pid: number): boolean {
    if (this.self().pidNamespace !== INITIAL_PID_NAMESPACE || !this.#isProcOurs()) return true;
    const visible = this.#pids();
    if (!visible.includes('1')) return true;
    return visible.some((name) => {
      const status = attempt(() => readFileSync(`${this.#proc}/${name}/status`, 'utf8'), null);
      if (status === null) return processExists(Number(name)) !== 'no';
      const inner = /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.split(/\s+/).slice(1);
      return inner === undefined || inner.includes(String(pid));
    });
  }

  /**
   * A start time counts from the start of the machine, suspended time included (proc_pid_stat(5)). A file's time is of the wall clock. The two
   * can be compared as long as the wall clock was not set in between; otherwise the process may be older than it looks next to a file.
   *
   * LXCFS puts the start of a container into `/proc/uptime`, which `os.uptime()` reads. The monotonic clock leaves out suspended
   * time, and the clock of this process also leaves out the time between its fork and the start of Node. None of the three is too large.
   */
  ageOf(started: string): AgeRange {
    const start = Number(started) * TICK;
    const own = Number(this.self().started ?? 0) * TICK;
    const machine = uptime() * 1000;
    const now = Math.max(machine, bootTime(), own + performance.now());
    const isExact = machine >= now - UPTIME_TOLERANCE && this.#isWallClockSince(start, machine);
    const age = now - start;
    return { least: age, most: isExact ? age : Number.POSITIVE_INFINITY };
  }

  ownUser(): number | null {
    return process.geteuid?.() ?? null;
  }

  /** Not the owner of the folder `/proc/<pid>`, which is root if the process must not be dumped (proc(5)). */
  usersOf(pid: number): readonly number[] | null {
    if (!this.#isProcOurs()) return null;
    const [real, , saved] = this.#status(pid, 'Uid')?.split(/\s+/).map(Number) ?? [];
    return real === undefined || saved === undefined ? null : [real, saved];
  }

  isProcess(pid: number): boolean {
    return this.#isProcOurs() && this.#status(pid, 'Tgid') === String(pid);
  }

  ancestors(): readonly number[] {
    return ancestorsBy((pid) => this.#stat(pid)?.parent);
  }

  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    process.kill(pid, signal);
  }

  /** All visible processes. */
  #pids(): readonly string[] {
    return attempt(() => readdirSync(this.#proc), []).filter((name) => /^\d+$/.test(name));
  }

  #stat(pid: number | string): ProcStat | null {
    return parseProcStat(attempt(() => readFileSync(`${this.#proc}/${pid}/stat`, 'utf8'), ''));
  }

  /** A field of proc_pid_status(5). */
  #status(pid: number | 'self', field: string): string | null {
    const status = attempt(() => readFileSync(`${this.#proc}/${pid}/status`, 'utf8'), '');
    return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? null;
  }

  /**
   * Whether the wall clock has not been set since a process began, this many milliseconds after the start of the machine, as
   * far as can be told. Something else must have been created before that, at the start of the machine, and must have a
   * time of today's clock. If the clock was set forward since, everything created then looks older than the machine. (A
   * computer without a battery sets it once it has found a time server, a virtual machine when it is resumed.)
   */
  #isWallClockSince(start: number, now: number): boolean {
    const bootedAt = Date.now() - now;
    return WITNESSES.some((path) =>
      this.#timesOf(path).some((time) => {
        const madeAt = time - bootedAt;
        return madeAt >= -UPTIME_TOLERANCE && madeAt <= Math.min(start, EARLY);
      }),
    );
  }

  #timesOf(path: string): number[] {
    const status = attempt(() => statSync(path), null);
    return status === null ? [] : [status.mtimeMs, status.birthtimeMs];
  }

  /**
   * Whether `/proc` shows the PIDs of this process's own namespace. After `unshare --pid` without a new `/proc`, it shows those
   * of another namespace, where the same numbers mean other processes (pid_namespaces(7), "/proc and PID namespaces").
   */
  #isProcOurs(): boolean {
    this.#procSelf ??= attempt(() => readlinkSync(`${this.#proc}/self`), null);
    return this.#procSelf === String(process.pid);
  }
}

/** The fields of proc_pid_stat(5) that matter. */
interface ProcStat extends ProcessLook {
  readonly started: string;
  readonly parent: number;
  readonly group: number;
}

/** `null` for a text that is cut short. */
export function parseProcStat(stat: string): ProcStat | null {
  // The second field, the command, may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  const threads = Number(fields[17]);
  const started = fields[19];
  if (!Number.isInteger(threads) || started === undefined) return null;
  const zombie = state === 'Z' || state === 'X';
  return { started, zombie, threads, parent: Number(parent), group: Number(group) };
}
