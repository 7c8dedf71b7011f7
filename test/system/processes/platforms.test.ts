import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import fs, { fstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../src/system/clock.js';
import { HostProcessTable } from '../../../src/system/processes/host-process-table.js';
import { LinuxProbe, parseProcStat } from '../../../src/system/processes/linux.js';
import { PosixProbe } from '../../../src/system/processes/posix.js';
import { processExists } from '../../../src/system/processes/process-exists.js';
import { systemProcesses } from '../../../src/system/processes/system.js';
import { WindowsProbe } from '../../../src/system/processes/windows.js';
import { replace } from '../../../support/replace.js';
import { someIdentity, systemError, temporaryFolder } from '../../../support/world.js';

const INITIAL_USER = 'user:[4026531837]';

/** Not true on a machine that was resumed, or whose clock was set after its start. */
const isClockThatOfTheBoot =
  process.platform === 'linux' &&
  Number.isFinite(new LinuxProbe().ageOf(new LinuxProbe().self().started ?? '').most);

/** Listens under that name in the abstract namespace. */
async function listenAt(name: string): Promise<Server> {
  const server = createServer().listen(`\0${name}`);
  await once(server, 'listening');
  return server;
}

function inodeOf(server: Server): number {
  const handle: unknown = Reflect.get(server, '_handle');
  return fstatSync(Number(typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : -1))
    .ino;
}

describe('the process table of this system', () => {
  it('knows that its own process is alive', () => {
    const processes = systemProcesses();
    expect(processes.self().pid).toBe(process.pid);
    expect(processes.self().started).not.toBeNull();
    expect(processes.liveness(processes.self())).toBe('alive');
  });

  it('sees a child live and die', async () => {
    const processes = systemProcesses();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
    const identity = { ...processes.self(), pid: child.pid ?? 0, started: null };
    expect(processes.liveness(identity)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(processes.liveness(identity)).toBe('dead');
  });

  it('tells itself from an earlier process with its PID', () => {
    const processes = systemProcesses();
    const earlier = process.platform === 'linux' ? '1' : '2001-01-01T00:00:00.000Z';
    expect(processes.liveness({ ...processes.self(), started: earlier })).toBe('dead');
  });

  it('knows no process of another boot', () => {
    expect(systemProcesses().liveness(someIdentity({ pid: process.pid, bootId: 'other' }))).toBe('unknown');
  });
});

describe('/proc/<pid>/stat', () => {
  const tail = '1 2 2 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 THREADS 0 5881234 1000 10';
  const stat = (command: string, state: string, threads: number) =>
    `77 (${command}) ${state} ${tail.replace('THREADS', String(threads))}`;

  it('is read whatever the command is called', () => {
    for (const command of ['node', 'a b', 'a) R 1 2 (b', '))) Z ']) {
      expect(parseProcStat(stat(command, 'S', 11))).toEqual({
        started: '5881234',
        zombie: false,
        threads: 11,
        parent: 1,
        group: 2,
      });
    }
  });

  it('shows zombies', () => {
    expect(parseProcStat(stat('node', 'Z', 3))).toMatchObject({ zombie: true, threads: 3 });
    expect(parseProcStat(stat('node', 'X', 1))).toMatchObject({ zombie: true, threads: 1 });
  });

  it('is null if it is cut short', () => {
    expect(parseProcStat('77 (node) S 1 2')).toBeNull();
    expect(parseProcStat('')).toBeNull();
  });
});

describe.runIf(process.platform === 'linux')('on Linux', () => {
  it('a process is identified by boot, namespace and start', () => {
    expect(new LinuxProbe().self()).toMatchObject({
      pid: process.pid,
      // In a time namespace, followed by that.
      bootId: expect.stringMatching(/^[0-9a-f-]{36}( time:\[\d+\])?$/),
      pidNamespace: expect.stringMatching(/^pid:\[\d+\]$/),
      started: expect.stringMatching(/^\d+$/),
    });
  });

  it('what cannot be read about this process at first is read later', () => {
    const proc = join(temporaryFolder(), 'proc');
    const probe = new LinuxProbe(proc);
    expect(probe.self()).toMatchObject({ bootId: null, pidNamespace: null, started: null });
    symlinkSync('/proc', proc);
    expect(probe.self()).toEqual(new LinuxProbe().self());
    expect(probe.self()).toBe(probe.self());
    expect(probe.look(process.pid)).not.toBeNull();
  });

  it('a /proc that shows the PIDs of another namespace says nothing about the processes of this one', () => {
    const proc = temporaryFolder();
    symlinkSync('1', join(proc, 'self'));
    for (const pid of [1, process.pid]) {
      mkdirSync(join(proc, String(pid)));
      writeFileSync(join(proc, String(pid), 'stat'), `${pid} (other) S ${'1 '.repeat(40)}`);
    }
    const probe = new LinuxProbe(proc);
    expect(probe.look(process.pid)).toBeNull();
    expect(probe.mayExistElsewhere(process.pid)).toBe(true);
    expect(probe.members(1)).toEqual([]);
    expect(probe.usersOf(process.pid)).toBeNull();
    expect(probe.isProcess(process.pid)).toBe(false);
    const processes = new HostProcessTable(probe, systemClock);
    expect(processes.liveness({ ...processes.self(), bootId: null, started: '77' })).not.toBe('dead');
  });

  it('the users of a process, and the ancestors of this one, are known', async () => {
    const probe = new LinuxProbe();
    const user = process.getuid?.() ?? -1;
    expect(probe.usersOf(process.pid)).toEqual([user, process.geteuid?.()]);
    expect(probe.usersOf(1)).not.toBeNull();
    expect(probe.usersOf(2 ** 31 - 1)).toBeNull();
    const ancestors = probe.ancestors();
    expect(ancestors[0]).toBe(process.ppid);
    expect(ancestors.length).toBeGreaterThan(1);
    expect(ancestors).not.toContain(process.pid);
  });

  it('the ID of a thread is not the ID of a process', () => {
    const probe = new LinuxProbe();
    const [thread] = readdirSync('/proc/self/task').filter((task) => task !== String(process.pid));
    expect(probe.isProcess(process.pid)).toBe(true);
    expect(probe.exists(Number(thread))).toBe('yes');
    expect(probe.isProcess(Number(thread))).toBe(false);
    expect(probe.isProcess(2 ** 31 - 1)).toBe(false);
  });

  it('the members of a process group are known, and whether others may be hidden', async () => {
    const probe = new LinuxProbe();
    const leader = spawn('sh', ['-c', 'sleep 1000 & echo; wait'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { pid = 0 } = leader;
    onTestFinished(() => {
      process.kill(-pid, 'SIGKILL');
    });
    await once(leader.stdout, 'data');
    const members = probe.members(pid);
    expect(members).toHaveLength(2);
    expect(members).toContainEqual({ pid, zombie: false, threads: 1 });
    expect(new LinuxProbe(temporaryFolder()).mayHide()).toBe(true);
    for (const [options, CapEff, user, mayHide] of [
      ['rw', '0', INITIAL_USER, false],
      ['rw,hidepid=invisible', '0', INITIAL_USER, true],
      ['rw,hidepid=2', '00000000a80425fb', INITIAL_USER, true],
      ['rw,hidepid=2', '000001ffffffffff', INITIAL_USER, false],
      ['rw,hidepid=2', '000001ffffffffff', 'user:[4026532999]', true],
    ] as const) {
      const proc = temporaryFolder();
      symlinkSync(String(process.pid), join(proc, 'self'));
      mkdirSync(join(proc, String(process.pid), 'ns'), { recursive: true });
      symlinkSync(user, join(proc, 'self', 'ns', 'user'));
      writeFileSync(
        join(proc, 'self', 'mountinfo'),
        `1 2 0:1 / /other rw - tmpfs none rw\n22 27 0:21 / ${proc} rw - proc proc ${options}\n`,
      );
      writeFileSync(join(proc, 'self', 'status'), `Name:\tx\nCapEff:\t${CapEff}\n`);
      expect(new LinuxProbe(proc).mayHide()).toBe(mayHide);
    }
  });

  it('a socket that is missing from one reading of the list is not gone', () => {
    const proc = temporaryFolder();
    const self = join(proc, 'self');
    mkdirSync(join(self, 'ns'), { recursive: true });
    mkdirSync(join(self, 'net'));
    symlinkSync('net:[1]', join(self, 'ns', 'net'));
    const list = join(self, 'net', 'unix');
    const name = `livinglock/${randomUUID()}`;
    const readings = ['', '', `0: 00000002 00000000 00010000 0001 01 77 @${name}\n`];
    const { readFileSync } = fs;
    const readInTurn: object = {
      readFileSync: (...args: Parameters<typeof readFileSync>) =>
        args[0] === list ? readings.shift() : readFileSync(...args),
    };
    replace(fs, readInTurn);
    expect(new LinuxProbe(proc).isSocketOpen(`net:[1] ${name} 77`)).toBe('yes');
  });

  it('an inherited socket is seen as long as any process has it, in this network namespace and under such a name', async () => {
    const probe = new LinuxProbe();
    const namespace = readlinkSync('/proc/self/ns/net');
    const name = `livinglock/${randomUUID()}`;
    expect(probe.isSocketOpen(`${namespace} ${name} 1`)).toBe('no');
    const server = await listenAt(name);
    const socket = `${namespace} ${name} ${inodeOf(server)}`;
    expect(probe.isSocketOpen(socket)).toBe('yes');
    expect(probe.socketOwners(socket)).toEqual([process.pid]);
    expect(probe.isSocketOpen(`${namespace} ${name} 1`)).toBe('no');
    expect(probe.isSocketOpen(socket.replace(namespace, 'net:[1]'))).toBe('unclear');
    server.close();
    expect(probe.isSocketOpen(socket)).toBe('no');
    const other = `other-${randomUUID()}`;
    const innocent = await listenAt(other);
    for (const wrong of [`${other} ${inodeOf(innocent)}`, name, '', `${name} x`, `${other} ${name}`]) {
      expect(probe.isSocketOpen(`${namespace} ${wrong}`)).toBe('unclear');
      expect(probe.socketOwners(`${namespace} ${wrong}`)).toEqual([]);
    }
    innocent.close();
  });

  describe('the age of a process', () => {
    const STEP = 10 * 60_000;
    const started = () => new LinuxProbe().self().started ?? '';

    it.runIf(isClockThatOfTheBoot)('is counted from its start', () => {
      const { least, most } = new LinuxProbe().ageOf(started());
      expect(least).toBeGreaterThanOrEqual(performance.now() - 100);
      expect(least).toBeLessThan(performance.now() + 60_000);
      expect(most).toBe(least);
      expect(new LinuxProbe().ageOf('garbage').least).toBeNaN();
    });

    it.runIf(isClockThatOfTheBoot)('is not compared with files when the clock was set', () => {
      for (const step of [STEP, -STEP]) {
        const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + step);
        const age = new LinuxProbe().ageOf(started());
        now.mockRestore();
        expect(age.most).toBe(Number.POSITIVE_INFINITY);
        expect(age.least).toBeLessThan(performance.now() + 60_000);
      }
    });

    it('is unknown if the uptime of the machine is that of a container', () => {
      const proc = join(temporaryFolder(), 'proc');
      symlinkSync('/proc', proc);
      const late = vi.spyOn(performance, 'now').mockReturnValue(uptime() * 1000);
      const age = new LinuxProbe(proc).ageOf(started());
      late.mockRestore();
      expect(age.most).toBe(Number.POSITIVE_INFINITY);
    });
  });

  it('a PID that exists nowhere cannot exist elsewhere, seen from outside all containers', () => {
    const probe = new LinuxProbe();
    const isOutside = probe.self().pidNamespace === 'pid:[4026531836]';
    expect(probe.mayExistElsewhere(2 ** 31 - 1)).toBe(!isOutside);
  });
});

describe('with ps(1)', () => {
  const outputs = new Map([
    ['/usr/sbin/sysctl -n kern.bootsessionuuid', 'B007\n'],
    ['/bin/ps -o ruid=,svuid= -p 77', '  501   0\n'],
    ['/bin/ps -o ruid=,svuid= -p 78', 'ps: svuid: keyword not found\n'],
    ['/bin/ps -A -o pid=,ppid=', `    1     0\n  ${process.ppid}   4242\n 4242     1\n 5000  1\n`],
    ['/bin/ps -o stat=,lstart= -p 77', 'Z    Sat Nov 21 08:10:17 2026\n'],
    ['/bin/ps -o stat=,lstart= -p 78', 'garbage\n'],
  ]);
  const started: string[] = [];
  const probe = new PosixProbe((file, args) => {
    started.push(file);
    const output = outputs.get([file, ...args].join(' '));
    if (output === undefined) throw new Error('exit code 1');
    return output;
  });

  it('a process is identified by boot and start, for which ps need not be started', () => {
    const own = new Date(performance.timeOrigin).toISOString();
    expect(probe.self()).toMatchObject({ bootId: 'B007', pidNamespace: null, started: own });
    probe.self();
    expect(started).toEqual(['/usr/sbin/sysctl']);
  });

  it('a zombie is seen, and a missing process or unexpected output is unknown', () => {
    expect(probe.look(77)).toEqual({ started: '2026-11-21T08:10:17.000Z', zombie: true, threads: 1 });
    expect(probe.look(78)).toBeNull();
    expect(probe.look(79)).toBeNull();
  });

  it('its users and its ancestors are known, as far as ps(1) tells', () => {
    expect(probe.usersOf(77)).toEqual([501, 0]);
    expect(probe.usersOf(78)).toBeNull();
    expect(probe.usersOf(79)).toBeNull();
    expect(probe.ancestors()).toEqual([process.ppid, 4242, 1]);
    const blind = new PosixProbe(() => {
      throw new Error('exit code 1');
    });
    expect(blind.ancestors()).toEqual([process.ppid]);
  });

  it('the age of a process is the time on the clock since its start', () => {
    const { least, most } = probe.ageOf(new Date(Date.now() - 5000).toISOString());
    expect(Math.abs(least - 5000)).toBeLessThan(1000);
    expect(most).toBe(least);
    expect(probe.ageOf('once').least).toBeNaN();
  });

  it('a process that began more than two seconds later is another one', () => {
    const recorded = '2026-11-21T08:10:16.000Z';
    expect(probe.sameStart(recorded, '2026-11-21T08:10:18.000Z')).toBe('yes');
    expect(probe.sameStart(recorded, '2026-11-21T08:10:18.001Z')).toBe('no');
    expect(probe.sameStart(recorded, '2026-11-21T08:10:14.000Z')).toBe('yes');
    expect(probe.sameStart(recorded, '2026-11-21T08:10:13.999Z')).toBe('unclear');
    expect(probe.sameStart(recorded, 'once')).toBe('unclear');
  });

  it.runIf(process.platform !== 'win32')('the system answers as expected', async () => {
    const child = spawn('sleep', ['1000']);
    await once(child, 'spawn');
    try {
      const look = new PosixProbe().look(child.pid ?? 0);
      // Without ps(1), nothing is known.
      if (look !== null) {
        expect(look).toMatchObject({ zombie: false });
        expect(Math.abs(Date.parse(look.started ?? '') - Date.now())).toBeLessThan(60_000);
      }
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('with PowerShell', () => {
  const ANSWERS = new Map([
    ['Win32_Process', `4 0\r\n${process.ppid} 4242\r\n4242 ${process.ppid}\r\n`],
    ['-Id 77)', '2026-11-21T08:10:16.1234567Z\r\n'],
    ['-Id 78)', '\r\n'],
  ]);

  /** A machine whose PowerShell fails with that code whenever it has no answer. */
  function machine(code = '') {
    const started: string[] = [];
    let time = 0;
    const run = (file: string, args: readonly string[]) => {
      started.push(file);
      const [, answer] = [...ANSWERS].find(([part]) => args.at(-1)?.includes(part)) ?? [];
      if (answer === undefined) throw systemError(code, 'spawnSync powershell.exe');
      return answer;
    };
    const probe = new WindowsProbe(run, () => time);
    const pass = (milliseconds: number) => {
      time += milliseconds;
    };
    return { probe, started, pass };
  }

  it('a process is identified by its start', () => {
    const { probe } = machine();
    expect(probe.look(77)).toEqual({ started: '2026-11-21T08:10:16.123Z', zombie: false, threads: 1 });
    expect(probe.look(78).started).toBeNull();
    expect(probe.look(79).started).toBeNull();
  });

  it('nothing is started to know about this process, or whether another one exists', () => {
    const { probe, started } = machine();
    const processes = new HostProcessTable(probe, systemClock);
    const self = processes.self();
    expect(Math.abs(Date.parse(self.started ?? '') - Date.now() + performance.now())).toBeLessThan(60_000);
    expect(processes.liveness({ ...self, started: null })).toBe('alive');
    expect(processes.liveness({ ...self, pid: 2 ** 31 - 1 })).toBe('dead');
    expect(started).toEqual([]);
  });

  it('it is started by its path, once a minute for each process', () => {
    const { probe, started, pass } = machine();
    const starts = () => [probe.look(77).started, probe.look(79).started];
    const answers = starts();
    pass(59_999);
    expect(starts()).toEqual(answers);
    expect(started).toHaveLength(2);
    for (const file of started) {
      expect(file).toMatch(/^.:\\\w+\\System32\\WindowsPowerShell\\v1\.0\\powershell\.exe$/i);
    }
    pass(1);
    starts();
    expect(started).toHaveLength(4);
    expect(probe.look(77, true).started).toBe(answers[0]);
    expect(started).toHaveLength(5);
  });

  it('it is not started again once it hangs', () => {
    const { probe, started, pass } = machine('ETIMEDOUT');
    expect(probe.look(79).started).toBeNull();
    pass(3_600_000);
    expect(probe.look(77, true).started).toBeNull();
    expect(probe.ancestors()).toEqual([process.ppid]);
    expect(started).toHaveLength(1);
  });

  it('it is started again after another failure', () => {
    const { probe, pass } = machine('ENOENT');
    expect(probe.look(79).started).toBeNull();
    pass(60_000);
    expect(probe.look(77).started).not.toBeNull();
  });

  it('its ancestors are known, even if their PIDs form a circle', () => {
    expect(machine().probe.ancestors()).toEqual([process.ppid, 4242]);
  });
});

describe('kill(2)', () => {
  it.each(['EPERM', 'EACCES'])('that is refused with %s proves that the process exists', (code) => {
    const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
      throw systemError(code, 'kill');
    });
    try {
      expect(processExists(4242)).toBe('forbidden');
    } finally {
      kill.mockRestore();
    }
  });

  it('is never called for a number that is not a PID', () => {
    expect(processExists(process.pid)).toBe('yes');
    expect(processExists(2 ** 31 - 1)).toBe('no');
  });
});
