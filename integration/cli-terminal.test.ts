import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canUnshare, waitForEndOf } from '../support/machine.js';
import { has, killIfThere, pidFrom, type Running } from '../support/running.js';
import { Desk, PROGRAM } from './support/desk.js';
import { canHaveTerminal, startOnTerminal } from './support/terminal.js';

// `livinglock run` on a terminal, made by script(1) of util-linux.

const CTRL_C = '\u0003';
const CTRL_Z = '\u001A';

function onTerminal(desk: Desk, command: string): Running {
  return startOnTerminal(desk, command, { env: { SHELL: '/bin/bash' } });
}

/** Works in a second thread. */
const THREAD = `
import ctypes, os, threading, time
def work():
    time.sleep(1)
    open("done", "w").close()
    os._exit(0)
threading.Thread(target=work).start()
ctypes.CDLL(None).pthread_exit(None)`;

/** Runs a program on a terminal, which goes away when the program has printed something. */
const LEAVING = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
os.read(terminal, 1000)
os.close(terminal)
open("gone", "w").close()
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;

const RUN = `${process.execPath} ${PROGRAM} run`;

describe.skipIf(!canHaveTerminal)('on a terminal', () => {
  test.each(['alive', 'manual'])('the command has it too (%s)', async (proof) => {
    const program = 'test -t 0 && test -t 1 && test -t 2 && read -r line < /dev/tty && echo "read $line"';
    const terminal = onTerminal(new Desk(), `${RUN} --heartbeat ${proof} job -- sh -c '${program}'`);
    terminal.write('me\n');
    const { code, stdout } = await terminal.ended;
    expect(stdout).toContain('read me');
    expect(code).toBe(0);
  });

  test.each(['alive', 'output'])(
    'Ctrl-C ends the whole command, once, and the lock is released (%s)',
    async (proof) => {
      const desk = new Desk();
      const program = 'trap "echo interrupted; exit 7" INT; sleep 1000 & echo "pid $!"; wait';
      const terminal = onTerminal(desk, `${RUN} --heartbeat ${proof} job -- bash -c '${program}'`);
      const pid = await pidFrom(terminal);
      terminal.write(CTRL_C);
      await terminal.prints(/interrupted/);
      // Ctrl-C may have ended it: its shell makes it ignore that, but perhaps only a moment later.
      killIfThere(pid);
      const { code, stdout } = await terminal.ended;
      expect(code).toBe(7);
      expect(stdout.match(/interrupted/g)).toHaveLength(1);
      expect(desk.holds('job')).toBe(false);
    },
  );

  const UP = 'sh -c "touch up; while [ ! -e end ]; do sleep 0.02; done"';
  test.each([
    ['by the command', `${RUN} job -- stty -echo`],
    [
      'by another program meanwhile',
      `${RUN} job -- ${UP} & while [ ! -e up ]; do sleep 0.02; done; stty -echo; touch end; wait`,
    ],
  ])('its modes stay as they were set %s', async (_whom, line) => {
    const { stdout } = await onTerminal(new Desk(), `${line}; stty -a`).ended;
    expect(stdout).toMatch(/ -echo /);
  });

  test('a command that handles Ctrl-C ends in its own way', async () => {
    const program = 'trap "echo never" INT; echo ready; read -r line; read -r line; exit 4';
    const terminal = onTerminal(new Desk(), `${RUN} job -- bash -c '${program}'`);
    await terminal.prints(/ready/);
    terminal.write(CTRL_C);
    await terminal.prints(/never/);
    terminal.write('a\nb\n');
    expect(await terminal.ended).toMatchObject({ code: 4 });
  });

  const container = 'unshare --pid --fork --kill-child';
  const inContainer = `${container} --mount-proc`;
  test.each([
    { what: 'an orphan', command: 'sh orphan.sh' },
    {
      what: 'an orphan that has closed what it inherited',
      command: `bash -c 'for n in {10..60}; do eval "exec $n>&-"; done; . ./orphan.sh'`,
    },
    { what: 'an orphan without our variables', command: 'env -i sh orphan.sh' },
    { what: 'a process whose main thread has ended', command: 'sh thread.sh' },
    { what: 'processes that fork and end', command: 'sh chain.sh 300' },
    { what: 'an orphan of the first process', command: 'sh orphan.sh', shell: `${inContainer} sh job.sh` },
    {
      what: 'an orphan of the first process, which created the terminal',
      command: 'sh orphan.sh',
      shell: `${inContainer} script -qefc "exec sh job.sh" /dev/null`,
    },
    { what: 'an orphan that /proc does not show', command: 'sh orphan.sh', shell: `${container} sh job.sh` },
  ])('what the command leaves running keeps the lock: $what', async ({ command, shell = 'sh job.sh' }) => {
    if (shell.startsWith(container) && !canUnshare) return;
    if (command.includes('thread') && !has('python3')) return;
    const desk = new Desk();
    const write = (name: string, text: string) => writeFileSync(join(desk.folder, name), text);
    write('orphan.sh', '(trap "" HUP; exec >/dev/null 2>&1; sleep 1; : > done) &');
    write('chain.sh', '[ $1 -gt 0 ] || { : > done; exit; }; sh chain.sh $(($1 - 1)) &');
    write('thread.sh', `python3 -c '${THREAD}' &`);
    write('job.sh', `${RUN} job -- ${command}; echo "ended $?"; test -e done && echo waited`);
    const { stdout } = await onTerminal(desk, shell).ended;
    expect(stdout).toContain('ended 0');
    expect(stdout).toContain('waited');
    expect(desk.holds('job')).toBe(false);
  });

  // Node would abort when it restores the modes of a terminal that is gone.
  test.skipIf(!has('python3')).each([
    { option: [], command: 'trap "exit 3" HUP; echo up; sleep 1000 & wait', code: 3 },
    {
      option: ['--ignore-hangup'],
      command: 'echo up; until test -e gone; do sleep 0.05; done; exit 4',
      code: 4,
    },
  ])(
    'that goes away, a run exits with the status of its command ($code)',
    async ({ option, command, code }) => {
      const desk = new Desk();
      const run = [process.execPath, PROGRAM, 'run', ...option, 'job', '--', 'sh', '-c', command];
      const { stdout } = await desk.startProgram('python3', ['-c', LEAVING, ...run]).ended;
      expect(stdout).toBe(`${code}\n`);
      expect(desk.holds('job')).toBe(false);
    },
  );

  test('a daemon that has left the process group is not awaited', async () => {
    const terminal = onTerminal(new Desk(), `${RUN} job -- setsid -f sh -c 'echo pid $$; exec sleep 1000'`);
    await pidFrom(terminal);
    expect(await terminal.ended).toMatchObject({ code: 0 });
  });

  test.each([
    { ending: 'ends by itself', option: '', command: 'until test -e cousin; do sleep 0.05; done', code: 0 },
    { ending: 'is ended', option: '--timeout 500ms', command: 'sleep 1000', code: 124 },
  ])(
    'processes that others start beside a command that $ending are neither awaited nor signalled',
    async ({ option, command, code }) => {
      const desk = new Desk();
      const script = `
      (sh -c '${RUN} ${option} job -- sh -c ": > begun; ${command}"; echo "ended $?"; : > ended') &
      until test -e begun; do sleep 0.05; done
      (: > cousin; until test -e ended; do sleep 0.05; done; echo unharmed) &
      wait $!; echo "cousin $?"; wait`;
      writeFileSync(join(desk.folder, 'job.sh'), script);
      const { stdout } = await onTerminal(desk, 'sh job.sh').ended;
      expect(stdout).toContain(`ended ${code}`);
      expect(stdout).toContain('unharmed');
      expect(stdout).toContain('cousin 0');
    },
  );

  test('Ctrl-Z stops runner and command, and both go on', async () => {
    const shell = `set -m; ${RUN} job -- sh -c 'echo ready; read -r line; echo "read $line"'; echo stopped; fg; echo over`;
    const terminal = onTerminal(new Desk(), `bash -c '${shell.replaceAll("'", "'\\''")}'`);
    await terminal.prints(/ready/);
    terminal.write(CTRL_Z);
    await terminal.prints(/stopped/);
    terminal.write('me\n');
    await terminal.prints(/read me[\s\S]*over/);
    expect(await terminal.ended).toMatchObject({ code: 0 });
  });

  test('a timeout ends the command and its children, but not the rest of the pipeline', async () => {
    const program = 'sleep 1000 & echo "pid $!"; sleep 1000';
    // Long enough for it to print its PID.
    const pipeline = `${RUN} --timeout 3s job -- sh -c '${program}' | (cat; echo the end)`;
    const terminal = onTerminal(new Desk(), pipeline);
    const pid = await pidFrom(terminal);
    await terminal.prints(/the end/);
    await terminal.ended;
    await waitForEndOf([pid]);
  });

  test('an orphan that a script had started before is neither awaited nor ended', async () => {
    const desk = new Desk();
    const file = join(desk.folder, 'pid');
    const before = `(sleep 1000 & echo $! > ${file}); echo "pid $(cat ${file})"`;
    const after = `echo "status $?, state [$(ps -o state= -p $(cat ${file}))]"`;
    const script = `${before}; ${RUN} --timeout 500ms job -- sleep 1000; ${after}`;
    const terminal = onTerminal(desk, `bash -c '${script}'`);
    await pidFrom(terminal);
    await terminal.prints(/status 124, state \[S\]/);
  });
});
