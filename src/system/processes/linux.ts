import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { performance } from 'node:perf_hooks';
import { bootTime } from '../clock.js';
import { INITIAL_PID_NAMESPACE, type ProcessIdentity } from './process-identity.js';
import type { AgeRange, GroupMember, ProcessLook, ProcessProbe } from './process-table.js';
import { ancestorsBy, processExists } from './signals.js';

/** As {@link INITIAL_PID_NAMESPACE}, for user namespaces (user_namespaces(7)): `PROC_USER_INIT_INO`. */
const INITIAL_USER_NAMESPACE = 'user:[4026531837]';

/** The same for time namespaces (time_namespaces(7)): `PROC_TIME_INIT_INO`. */
const INITIAL_TIME_NAMESPACE = 'time:[4026531834]';

/** What sockets are called that are handed on. A record must not name those of other programs. */
const SOCKET_NAME = /^livinglock\/[\da-f-]{36}$/;

/** The number of the capability that lets a process see what `hidepid` hides (proc(5), capabilities(7)). */
const CAP_SYS_PTRACE = 19n;

/** So often a socket has to be missing. On a machine where others come and go all the time, one list of 3,000 is wrong. */
const SOCKET_READINGS = 3;

/** Milliseconds: `USER_HZ` is 100 wherever Node runs. */
const TICK = 10;

/** `/proc/uptime` is cut off after hundredths of a second; and milliseconds pass between reading two clocks. */
const UPTIME_TOLERANCE = 100;

/** What the kernel, and the first programs, make within so many milliseconds of the start of the machine. Their times are kept in memory. */
const WITNESSES = ['/proc', '/proc/1', '/sys', '/sys/fs/cgroup', '/dev', '/dev/shm', '/run'];
const EARLY = 60_000;

/** Linux, by `/proc` (proc(5)). */
export class LinuxProbe implements ProcessProbe {
  readonly trustsHostname = false;
  readonly hasGroups = true;
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
      bootId: attempt(() => this.#bootId()),
      pidNamespace: attempt(() => readlinkSync(`${this.#proc}/self/ns/pid`)),
      started: attempt(() => parseProcStat(readFileSync(`${this.#proc}/self/stat`, 'utf8'))?.started ?? null),
    };
    // What could not be read just now, with too many files open, may be read the next time.
    if (self.bootId !== null && self.pidNamespace !== null && self.started !== null) this.#self = self;
    return self;
  }

  /** In a time namespace start times and the monotonic clock are others, so what is outside counts as another boot. */
  #bootId(): string {
    const bootId = readFileSync(`${this.#proc}/sys/kernel/random/boot_id`, 'utf8').trim();
    const timeNamespace = attempt(() => readlinkSync(`${this.#proc}/self/ns/time`));
    const isInitial = timeNamespace === null || timeNamespace === INITIAL_TIME_NAMESPACE;
    return isInitial ? bootId : `${bootId} ${timeNamespace}`;
  }

  exists(pid: number): 'yes' | 'no' | 'forbidden' {
    return processExists(pid);
  }

  look(pid: number): ProcessLook | null {
    if (!this.#isProcOurs()) return null;
    return attempt(() => parseProcStat(readFileSync(`${this.#proc}/${pid}/stat`, 'utf8')));
  }

  members(group: number): readonly GroupMember[] {
    if (!this.#isProcOurs()) return [];
    return this.#pids().flatMap((pid) => {
      const stat = attempt(() => readFileSync(`${this.#proc}/${pid}/stat`, 'utf8'));
      const look = stat === null || groupFrom(stat) !== group ? null : parseProcStat(stat);
      return look === null ? [] : [{ pid: Number(pid), zombie: look.zombie, threads: look.threads }];
    });
  }

  /** Other users' processes are hidden, or what they are, where `/proc` was mounted with `hidepid` (proc(5)). */
  mayHide(): boolean {
    const mounts = attempt(() => readFileSync(`${this.#proc}/self/mountinfo`, 'utf8'));
    if (mounts === null || !this.#isProcOurs()) return true;
    // Of several that lie on each other the last one counts.
    const mount = mounts.split('\n').findLast((line) => line.split(' ')[4] === this.#proc);
    return mount === undefined || (mount.includes('hidepid=') && !this.#maySeeHidden());
  }

  /** Within a user namespace the capability is one over the processes in it alone (user_namespaces(7)). */
  #maySeeHidden(): boolean {
    if (attempt(() => readlinkSync(`${this.#proc}/self/ns/user`)) !== INITIAL_USER_NAMESPACE) return false;
    const capabilities = BigInt(`0x${this.#status('self', 'CapEff') ?? '0'}`);
    return ((capabilities >> CAP_SYS_PTRACE) & 1n) === 1n;
  }

  /** The kernel gives the list in pieces, between which sockets come and go; it may leave one out that is there all the time. */
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
        const descriptors = attempt(() => readdirSync(folder)) ?? [];
        return descriptors.some((name) =>
          links.includes(attempt(() => readlinkSync(`${folder}/${name}`)) ?? ''),
        );
      })
      .map(Number);
  }

  /**
   * The inode numbers of all sockets of that name, by the list of those in this network namespace (proc_pid_net(5)); to connect to one could
   * do something. Some versions of libuv fill the name up with NULs, for which the list has `@`.
   */
  #socketsOf(socket: string): readonly string[] | null {
    const [namespace, name = '', number = ''] = socket.split(' ');
    if (!SOCKET_NAME.test(name) || !/^\d+$/.test(number)) return null;
    if (namespace !== attempt(() => readlinkSync(`${this.#proc}/self/ns/net`))) return null;
    const list = attempt(() => readFileSync(`${this.#proc}/self/net/unix`, 'utf8'));
    return (
      list?.split('\n').flatMap((line) => {
        const [inode, path] = line.split(' ').slice(-2);
        // Anybody can bind a datagram socket of the same name, but it has another number.
        return inode === number && path?.replace(/@+$/, '') === `@${name}` ? [inode] : [];
      }) ?? null
    );
  }

  /** A container is up for as long as its first process is. That is counted from the start of the machine (proc_pid_stat(5)). */
  uptime(): number | null {
    const started = this.look(1)?.started;
    return started === undefined || started === null ? null : uptime() * 1000 - Number(started) * TICK;
  }

  sameStart(one: string, other: string): boolean {
    return one === other;
  }

  /**
   * From the initial namespace every process of the machine is visible, with its PIDs in the namespaces further in
   * (`NSpid`, proc_pid_status(5)). From any other namespace, or where `/proc` hides processes, who knows.
   */
  mayExistElsewhere(pid: number): boolean {
    if (this.self().pidNamespace !== INITIAL_PID_NAMESPACE || !this.#isProcOurs()) return true;
    const visible = this.#pids();
    if (!visible.includes('1')) return true;
    return visible.some((name) => {
      const status = attempt(() => readFileSync(`${this.#proc}/${name}/status`, 'utf8'));
      if (status === null) return processExists(Number(name)) !== 'no';
      const inner = /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.split(/\s+/).slice(1);
      return inner === undefined || inner.includes(String(pid));
    });
  }

  /**
   * A start is counted from that of the machine, suspended time included (proc_pid_stat(5)). A file bears the wall clock's time. The two
   * can be compared as long as the wall clock has not been set in between; else the process may be older than it looks beside a file.
   *
   * LXCFS puts the time of a container's own start into `/proc/uptime`, from which `os.uptime()` reads. The monotonic clock leaves out suspended
   * time, and the clock of this process also what passed between its fork and the start of Node. None of the three is later than the truth.
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

  /** Not the owner of the folder `/proc/<pid>`, which is root's for a process that may not be dumped (proc(5)). */
  usersOf(pid: number): readonly number[] | null {
    if (!this.#isProcOurs()) return null;
    const [real, , saved] = this.#status(pid, 'Uid')?.split(/\s+/).map(Number) ?? [];
    return real === undefined || saved === undefined ? null : [real, saved];
  }

  isProcess(pid: number): boolean {
    return this.#isProcOurs() && this.#status(pid, 'Tgid') === String(pid);
  }

  ancestors(): readonly number[] {
    return ancestorsBy((pid) => {
      const stat = attempt(() => readFileSync(`${this.#proc}/${pid}/stat`, 'utf8'));
      return stat === null ? undefined : parentFrom(stat);
    });
  }

  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    process.kill(pid, signal);
  }

  /** Of all processes that can be seen. */
  #pids(): readonly string[] {
    return attempt(() => readdirSync(this.#proc).filter((name) => /^\d+$/.test(name))) ?? [];
  }

  /** A field of proc_pid_status(5). */
  #status(pid: number | 'self', field: string): string | null {
    const status = attempt(() => readFileSync(`${this.#proc}/${pid}/status`, 'utf8'));
    return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status ?? '')?.[1] ?? null;
  }

  /**
   * Whether what the wall clock says is as it was when the process began that did so many milliseconds after the start of the machine, as
   * far as can be told. Something else has to have been made before that, at the start of the machine, and to bear a
   * time of today's clock. A clock that was set forward since makes all of that look older than the machine. (A
   * computer without a battery does so once it has found a time server, a virtual machine when it is resumed.)
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
    const status = attempt(() => statSync(path));
    return status === null ? [] : [status.mtimeMs, status.birthtimeMs];
  }

  /**
   * Whether `/proc` shows the PIDs of this process's own namespace. After `unshare --pid` without a new `/proc` it shows those
   * of another one, in which the same numbers name other processes (pid_namespaces(7), "/proc and PID namespaces").
   */
  #isProcOurs(): boolean {
    this.#procSelf ??= attempt(() => readlinkSync(`${this.#proc}/self`));
    return this.#procSelf === String(process.pid);
  }
}

/** The fields of proc_pid_stat(5) that matter. */
export function parseProcStat(stat: string): ProcessLook | null {
  const fields = fieldsOf(stat);
  const [state] = fields;
  const threads = Number(fields[17]);
  const started = fields[19];
  if (state === undefined || !Number.isInteger(threads) || started === undefined) return null;
  return { started, zombie: state === 'Z' || state === 'X', threads };
}

function parentFrom(stat: string): number {
  return Number(fieldsOf(stat)[1]);
}

function groupFrom(stat: string): number {
  return Number(fieldsOf(stat)[2]);
}

/** Those after the second one, the command, which may itself contain spaces and parentheses. */
function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
