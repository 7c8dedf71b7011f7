import { chmodSync, chownSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  canBeNobody,
  canMount,
  commandLine,
  isLinux,
  isPosix,
  NOBODY,
  processState,
  temporaryFolder,
  waitForEndOf,
} from '../support/machine.js';
import { pidFrom, poll, Running } from '../support/running.js';
import { Desk, PROGRAM } from './support/desk.js';

// The lock is held for as long as any work of the command goes on, however the runner, or the command itself, ended.

/** Says which of its arguments' signals come, and ends when a file tells it to. */
const HARDY = `for each; do trap "echo got $each" "$each"; done
  echo pid $$; while [ ! -e "$0" ]; do sleep 0.02; done`;

const PASSED_ON = ['SIGALRM', 'SIGABRT', 'SIGVTALRM', 'SIGSYS', 'SIGTRAP', 'SIGUSR1', 'SIGUSR2'];
const OF_LINUX = ['SIGIO', 'SIGPWR', 'SIGSTKFLT'];
const DEADLY = ['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGPROF', 'SIGKILL'];

describe.skipIf(!isPosix)('a runner that gets a signal', () => {
  test('passes it on, and waits for a command that handles it', async () => {
    const desk = new Desk();
    const file = join(desk.folder, 'end');
    const signals = [...PASSED_ON, ...(isLinux ? OF_LINUX : [])] as NodeJS.Signals[];
    const run = desk.start(['run', 'job', '--', 'bash', '-c', HARDY, file, ...signals]);
    await pidFrom(run);
    for (const signal of signals) {
      run.signal(signal);
      await run.prints(new RegExp(`got ${signal}$`, 'm'));
    }
    expect(await desk.run(['run', '--wait', '100ms', 'job', '--', 'echo', 'second'])).toMatchObject({
      code: 75,
    });
    expect(run.hasEnded).toBe(false);
    expect(await desk.run(['run', 'other', '--', 'touch', file])).toMatchObject({ code: 0 });
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(desk.holds('job')).toBe(false);
  });

  test.each(['SIGALRM', 'SIGUSR2'] as const)('ends as the command does after %s', async (signal) => {
    const desk = new Desk();
    const program = `trap 'exit 9' ${signal.slice(3)}; sleep 1000 & echo pid $!; wait`;
    const run = desk.start(['run', 'job', '--', 'sh', '-c', program]);
    const pid = await pidFrom(run);
    // Until then it is part of the shell, which may handle the signal.
    await poll('It does not sleep', () => commandLine(pid)[0] === 'sleep');
    run.signal(signal);
    expect(await run.ended).toMatchObject({ code: 9 });
    expect(desk.holds('job')).toBe(false);
  });

  test('opens no debugger port on SIGUSR1, whenever it comes, and then runs nothing', async () => {
    const desk = new Desk();
    const early = `
      const inspector = require('node:inspector');
      process.kill(process.pid, 'SIGUSR1');
      while (inspector.url() === undefined);
      require('node:fs').writeFileSync('port', new URL(inspector.url()).port);
      process.on('exit', () => require('node:fs').writeFileSync('url', String(inspector.url())));`;
    writeFileSync(join(desk.folder, 'early.cjs'), early);
    const env = { NODE_OPTIONS: '--require=./early.cjs' };
    expect(await desk.run(['run', 'job', '--', 'echo', 'ran'], env)).toMatchObject({ code: 138, stdout: '' });
    expect(readFileSync(join(desk.folder, 'url'), 'utf8')).toBe('undefined');
    expect(desk.holds('job')).toBe(false);
  });

  test.each(DEADLY as NodeJS.Signals[])(
    'and dies of it (%s) leaves the lock to the command',
    async (signal) => {
      const desk = new Desk();
      const run = desk.start(['run', 'job', '--', 'sh', '-c', 'echo pid $$; exec sleep 1000']);
      const pid = await pidFrom(run);
      run.signal(signal);
      await waitForEndOf([run.pid]);
      await expectHeldUntilEndOf([pid], desk);
    },
  );
});

describe.skipIf(!isPosix)('a runner that ends before its command', () => {
  test.each([
    ['an exception', 'throw new Error("made up")'],
    ['an unhandled rejection', 'void Promise.reject(new Error("made up"))'],
    ['process.exit()', 'process.exit(7)'],
    ['an abort', 'process.abort()'],
    ['a lack of memory', 'for (let all = []; ; ) all.push(new Array(1e6).fill(all))'],
  ])('by %s leaves the lock to it', async (_, crash) => {
    const desk = new Desk();
    const hook = join(desk.folder, 'hook.cjs');
    writeFileSync(
      hook,
      `setInterval(() => { if (require('fs').existsSync('crash')) { ${crash}; } }, 5).unref();`,
    );
    const env = { NODE_OPTIONS: `--require=${hook} --max-old-space-size=60` };
    const run = desk.start(['run', 'job', '--', 'sh', '-c', 'sleep 1000 & echo pid $!'], env);
    const pid = await pidFrom(run);
    await named(desk);
    writeFileSync(join(desk.folder, 'crash'), '');
    await waitForEndOf([run.pid]);
    await expectHeldUntilEndOf([pid], desk);
  });
});

describe.skipIf(!isPosix)('a command whose runner is killed', () => {
  test('keeps the lock while processes are left in its group', async () => {
    const desk = new Desk();
    const program = 'sleep 1000 & echo pid $!; read -r line';
    const run = desk.start(['run', 'job', '--', 'sh', '-c', `echo leader $$; ${program}`]);
    const leader = Number((await run.prints(/leader (\d+)/))[1]);
    const child = await pidFrom(run);
    run.signal('SIGKILL');
    await waitForEndOf([run.pid, leader]);
    await expectHeldUntilEndOf([child], desk);
  });

  test.skipIf(!isLinux)('keeps the lock if that happens before the lock names it', async () => {
    const desk = new Desk();
    const run = desk.start([
      'run',
      'job',
      '--',
      'sh',
      '-c',
      'kill -KILL $PPID; echo pid $$; exec sleep 1000',
    ]);
    const pid = await pidFrom(run);
    await waitForEndOf([run.pid]);
    await expectHeldUntilEndOf([pid], desk);
  });

  test('never begins if that happens before the lock names it, and nothing else tells whether it lives', async () => {
    const file = join(temporaryFolder(), 'begun');
    for (const begins of [false, true]) {
      const runner = startGated(['touch', file], begins);
      const pid = Number((await runner.prints(/"group":(\d+)/))[1]);
      await waitForEndOf([runner.pid, pid]);
      expect(existsSync(file)).toBe(begins);
    }
  });

  test('is not started if its gate has no descriptor that every shell can name', async () => {
    const { code, stdout, stderr } = await startGated(['echo', 'begun'], true, [3, 4, 5, 6, 7, 8, 9]).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('one of the file descriptors 3 to 9 must be free');
  });
});

describe.skipIf(!isPosix)('--kill-stalled', () => {
  const STALE = ['--stale-timeout', '500ms'];
  const RUN = ['run', '--heartbeat', 'manual', ...STALE, 'job', '--'];
  // With a heartbeat of its own, or its command would have to end in half a second.
  const NEXT = ['run', '--wait', '1m', '--kill-stalled', '--kill-after', '50ms', ...STALE, 'job', '--'];

  /** A process that has ended is at most a zombie when the next one runs. */
  async function expectEndedByNext(desk: Desk, pid: number): Promise<void> {
    expect(await desk.run([...NEXT, 'sh', '-c', stateOf(pid)])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\[Z?\]$/m),
    });
  }

  test.each([
    { who: 'whose runner is frozen', and: 'echo go; read -r line' },
    { who: 'whose leader ignores SIGTERM', and: 'trap "" TERM; echo go; read -r line' },
  ])('ends the whole process group of a command $who', async ({ and }) => {
    const desk = new Desk();
    const frozen = desk.start([...RUN, 'bash', '-c', `sleep 1000 & echo pid $!; ${and}`]);
    const pid = await pidFrom(frozen);
    await frozen.prints(/go/);
    await named(desk);
    await desk.freeze(frozen, 'job');
    await expectEndedByNext(desk, pid);
    expect(await frozen.ended).toMatchObject({ signal: 'SIGKILL' });
  });

  test.skipIf(!isLinux)('ends the whole group of a command whose runner and leader are dead', async () => {
    const desk = new Desk();
    const dead = desk.start([...RUN, 'sh', '-c', 'sleep 1000 & echo pid $!; read -r line']);
    const pid = await pidFrom(dead);
    await named(desk);
    dead.signal('SIGKILL');
    await waitForEndOf([dead.pid]);
    await poll('The leader does not end', () => !existsSync(`/proc/${leaderOf(desk)}/fd/0`));
    await expectEndedByNext(desk, pid);
  });

  test.skipIf(!isLinux)('ends a command that the lock does not name yet', async () => {
    const desk = new Desk();
    const frozen = desk.start([...RUN, 'sh', '-c', 'kill -STOP $PPID; echo pid $$; exec sleep 1000']);
    const pid = await pidFrom(frozen);
    await expectEndedByNext(desk, pid);
  });
});

describe.skipIf(!canMount || !canBeNobody)('where /proc does not show everything', () => {
  test.each([
    { how: 'hidepid=2', mount: 'mount -t proc -o hidepid=2 proc /proc' },
    { how: 'hidepid=1', mount: 'mount -t proc -o hidepid=1 proc /proc' },
    { how: 'subset=pid', mount: 'mount -t proc -o subset=pid proc /proc' },
    { how: 'nothing', mount: 'mount -t tmpfs none /proc' },
  ])('the lock lives as long as a process of another user in the command group: $how', async ({ mount }) => {
    const desk = new Desk();
    const asRoot = setuidPrograms(desk.folder);
    const nobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
    const livinglock = [...nobody, process.execPath, PROGRAM, 'run', 'job', '--'];
    const script = `${asRoot} sleep 1000 & echo leader $$ pid $!; read -r line`;
    const run = desk.startProgram('unshare', [
      ...['--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh', ...livinglock, 'sh', '-c', script],
    ]);
    const pid = await pidFrom(run);
    await poll('It does not become root', () => ownerOf(pid) === 0);
    const leader = leaderOf(desk);
    run.write('\n');
    await poll('The leader does not end', () => ['', 'Z'].includes(processState(leader)));
    const within = [`--mount=/proc/${run.pid}/ns/mnt`, ...livinglock];
    expect(await desk.startProgram('nsenter', [...within, 'true']).ended).toMatchObject({ code: 75 });
    expect(run.hasEnded).toBe(false);
    process.kill(pid, 'SIGKILL');
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(desk.holds('job')).toBe(false);
  });

  test('a dead holder outside of containers is replaced even if no boot id can be read', async () => {
    const desk = new Desk();
    const script = 'mount -t proc -o subset=pid proc /proc && exec "$@"';
    const within = ['--mount', 'sh', '-c', script, 'sh', process.execPath, PROGRAM, 'run', 'job', '--'];
    const run = desk.startProgram('unshare', [...within, 'sh', '-c', 'echo pid $$; exec sleep 1000']);
    const pid = await pidFrom(run);
    await named(desk);
    run.signal('SIGKILL');
    await waitForEndOf([run.pid]);
    expect(desk.record('job')['process']).toMatchObject({ boot_id: null });
    expect(await desk.startProgram('unshare', [...within, 'true']).ended).toMatchObject({ code: 75 });
    expect(await desk.run(['run', 'job', '--', 'true'])).toMatchObject({ code: 75 });
    process.kill(pid, 'SIGKILL');
    await waitForEndOf([pid]);
    expect(await desk.startProgram('unshare', [...within, 'true']).ended).toMatchObject({ code: 0 });
  });
});

/** A program in that folder, which only root can write to, that runs another one as root, as sudo does. */
function setuidPrograms(folder: string): string {
  const program = join(folder, 'as-root');
  copyFileSync('/usr/bin/setpriv', program);
  chmodSync(program, 0o4755);
  chmodSync(folder, 0o755);
  chownSync(join(folder, 'locks'), NOBODY, NOBODY);
  return `${program} --reuid=0 --regid=0 --clear-groups`;
}

function ownerOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Prints the state of a process: nothing for one that has ended, unless it is a zombie. */
function stateOf(pid: number): string {
  return `echo "[$(ps -o state= -p ${pid})]"`;
}

function leaderOf(desk: Desk): number {
  const workers = desk.record('job')['workers'];
  return Number(/"pid":(\d+)/.exec(JSON.stringify(workers) ?? '')?.[1]);
}

/** Resolves when the lock names the command. */
async function named(desk: Desk): Promise<void> {
  await poll('The lock does not name the command', () => leaderOf(desk) > 0);
}

async function expectHeldUntilEndOf(pids: readonly number[], desk: Desk): Promise<void> {
  expect(await desk.run(['run', 'job', '--', 'echo', 'second'])).toMatchObject({ code: 75, stdout: '' });
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await waitForEndOf(pids);
  expect(await desk.run(['run', 'job', '--', 'echo', 'second'])).toMatchObject({
    code: 0,
    stdout: 'second\n',
  });
}

/** A runner without such a socket, which is killed after it has let its command begin, or before. */
function startGated(
  command: readonly string[],
  begins: boolean,
  descriptors: readonly number[] = [],
): Running {
  const room = new URL('../build/src/cli/run/', import.meta.url).href;
  const program = `
    const { start } = await import(${JSON.stringify(`${room}start/start-command.js`)});
    const { routeFor } = await import(${JSON.stringify(`${room}output/output-route.js`)});
    const descriptors = ${JSON.stringify(descriptors)};
    const outfit = { env: process.env, output: routeFor('inherited'), descriptors, inheritedSocket: null };
    const started = await start(${JSON.stringify(command)}, outfit);
    const named = JSON.stringify(started.group.named);
    if (${begins}) started.openGate();
    process.stdout.write(named, () => process.kill(process.pid, 'SIGKILL'));`;
  return new Running(process.execPath, ['--input-type=module', '-e', program], { env: process.env });
}
