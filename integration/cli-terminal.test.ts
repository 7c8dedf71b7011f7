import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canUnshare, waitForEndOf } from '../support/machine.js';
import { killAtTheEnd, killIfThere, poll, type Running } from '../support/running.js';
import { Desk, PROGRAM } from './support/desk.js';
import { canHaveTerminal, startOnTerminal } from './support/terminal.js';

// `livinglock run` on a terminal, which script(1) of util-linux makes.

const CTRL_C = '\u0003';
const CTRL_Z = '\u001A';

function onTerminal(desk: Desk, command: string): Running {
  return startOnTerminal(desk, command, { env: { SHELL: '/bin/bash' } });
}

/** The PIDs that the lock of a job names, in the namespace where it was written. */
function workersOf(desk: Desk): readonly number[] {
  const { workers } = desk.record('job');
  return Array.isArray(workers) ? workers.map(({ pid }) => pid) : [];
}

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
    'Ctrl-C ends all of the command, once, and the lock is released (%s)',
    async (proof) => {
      const desk = new Desk();
      const program = 'trap "echo interrupted; exit 7" INT; sleep 1000 & echo "pid $!"; wait';
      const terminal = onTerminal(desk, `${RUN} --heartbeat ${proof} job -- bash -c '${program}'`);
      const pid = Number((await terminal.prints(/pid (\d+)/))[1]);
      killAtTheEnd(pid);
      terminal.write(CTRL_C);
      await terminal.prints(/interrupted/);
      // Ctrl-C may have ended it: its shell lets it ignore that, but perhaps only a moment later.
      killIfThere(pid);
      const { code, stdout } = await terminal.ended;
      expect(code).toBe(7);
      expect(stdout.match(/interrupted/g)).toHaveLength(1);
      expect(desk.holds('job')).toBe(false);
    },
  );

  test('a command that does not heed Ctrl-C ends as it likes', async () => {
    const program = 'trap "echo never" INT; echo ready; read -r line; read -r line; exit 4';
    const terminal = onTerminal(new Desk(), `${RUN} job -- bash -c '${program}'`);
    await terminal.prints(/ready/);
    terminal.write(CTRL_C);
    await terminal.prints(/never/);
    terminal.write('a\nb\n');
    expect(await terminal.ended).toMatchObject({ code: 4 });
  });

  const container = 'unshare --pid --fork --kill-child --mount-proc';
  test.skipIf(!canUnshare).each([
    {
      parent: 'the first process of a container',
      shell: 'script -qefc "exec sh job.sh" /dev/null',
      call: 'exec',
    },
    { parent: 'its shell, which is that', shell: 'setsid --ctty --wait sh job.sh', call: ':;' },
  ])(
    'what the command has left keeps the lock where the parent of the runner is $parent',
    async ({ shell, call }) => {
      const desk = new Desk();
      const orphan = '(trap "" HUP; echo left; until test -e end; do sleep 0.1; done) & read -r line';
      writeFileSync(join(desk.folder, 'job.sh'), `${call} ${RUN} job -- sh -c '${orphan}'\n`);
      const terminal = onTerminal(desk, `exec ${container} ${shell}`);
      await terminal.prints(/left/);
      const [leader] = workersOf(desk);
      terminal.write('go\n');
      await poll('what is left is not named', () => {
        const workers = workersOf(desk);
        return leader !== undefined && workers.length > 0 && !workers.includes(leader);
      });
      writeFileSync(join(desk.folder, 'end'), '');
      expect(await terminal.ended).toMatchObject({ code: 0 });
      expect(desk.holds('job')).toBe(false);
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
    // Long enough for it to have said its PID.
    const pipeline = `${RUN} --timeout 3s job -- sh -c '${program}' | (cat; echo the end)`;
    const terminal = onTerminal(new Desk(), pipeline);
    const pid = Number((await terminal.prints(/pid (\d+)/))[1]);
    killAtTheEnd(pid);
    await terminal.prints(/the end/);
    await terminal.ended;
    await waitForEndOf([pid]);
  });

  test('what a script has started before, and lost, is not waited for and not ended', async () => {
    const desk = new Desk();
    const file = join(desk.folder, 'pid');
    const before = `(sleep 1000 & echo $! > ${file}); echo "pid $(cat ${file})"`;
    const after = `echo "status $?, state [$(ps -o state= -p $(cat ${file}))]"`;
    const script = `${before}; ${RUN} --timeout 500ms job -- sleep 1000; ${after}`;
    const terminal = onTerminal(desk, `bash -c '${script}'`);
    killAtTheEnd(Number((await terminal.prints(/pid (\d+)/))[1]));
    await terminal.prints(/status 124, state \[S\]/);
  });
});
