import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROGRAM } from './support/command.js';
import { Desk, has, killAtTheEnd, killIfThere, Running } from './support/desk.js';
import { isLinux, waitForEndOf } from './support/machine.js';

// `livinglock run` on a terminal, which script(1) of util-linux makes.

const CTRL_C = '\u0003';
const CTRL_Z = '\u001A';

/** A shell command on a terminal of its own. */
function onTerminal(desk: Desk, command: string): Running {
  return new Running(
    'script',
    ['--quiet', '--return', '--command', command, '/dev/null'],
    desk.env({ SHELL: '/bin/bash' }),
  );
}

const RUN = `${process.execPath} ${PROGRAM} run`;

describe.skipIf(!isLinux || !has('script'))('on a terminal', () => {
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
