import fs, { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { routeFor } from '../../../../src/cli/run/output/output-route.js';
import { makeInheritedSocket } from '../../../../src/cli/run/sign/inherited-socket.js';
import { notStarted, type Outfit, start } from '../../../../src/cli/run/start/start-command.js';
import { replace } from '../../../../support/replace.js';
import { temporaryFolder } from '../../../../support/world.js';
import { terminals } from '../stage.js';

const PATH = process.env['PATH'] ?? '';

describe.skipIf(process.platform === 'win32')('a command', () => {
  async function started(script: string, changes: Partial<Outfit> = {}, ...args: readonly string[]) {
    const command = ['/bin/sh', '-c', script, 'sh', ...args];
    const outfit = {
      env: { PATH },
      output: routeFor('inherited'),
      descriptors: [],
      inheritedSocket: null,
      ignoreHangup: false,
      ...changes,
    };
    const begun = await start(command, outfit);
    onTestFinished(async () => {
      begun.group.signal('SIGKILL');
      await begun.exited;
    });
    return begun;
  }

  it('begins only when it is told to, and then is what the gate was', async () => {
    const path = join(temporaryFolder(), 'out');
    terminals();
    const { openGate, exited, group, sharesTerminal } = await started(
      'echo $$ "$@" > "$OUT"',
      { env: { PATH, OUT: path } },
      'a b',
      '*',
    );
    expect(sharesTerminal).toBe(false);
    expect(openGate).not.toBeNull();
    const [leader] = group.named;
    openGate?.();
    expect(await exited).toEqual({ code: 0, signal: null });
    expect(leader).toEqual({ group: Number(readFileSync(path, 'utf8').split(' ')[0]) });
    expect(readFileSync(path, 'utf8')).toMatch(/^\d+ a b \*\n$/);
  });

  it('never begins if the runner dies before', async () => {
    terminals();
    const { openGate, exited, group } = await started('exit 5');
    expect(openGate).not.toBeNull();
    group.signal('SIGKILL');
    expect(await exited).toEqual({ code: null, signal: 'SIGKILL' });
    // Nobody reads at the other end any more.
    openGate?.();
  });

  it.runIf(process.platform === 'linux')(
    'begins at once if it has a socket, under the number that it has here',
    async () => {
      terminals();
      const inheritedSocket = await makeInheritedSocket();
      onTestFinished(() => inheritedSocket?.close());
      const path = join(temporaryFolder(), 'out');
      const { openGate, exited } = await started('readlink "/proc/$$/fd/$NUMBER" > "$OUT"', {
        env: { PATH, OUT: path, NUMBER: String(inheritedSocket?.descriptor) },
        inheritedSocket,
      });
      expect(openGate).toBeNull();
      expect(await exited).toEqual({ code: 0, signal: null });
      expect(readFileSync(path, 'utf8')).toBe(`socket:[${inheritedSocket?.inode}]\n`);
    },
  );

  it.each(process.platform === 'linux' ? [true, false] : [false])(
    'ignores SIGHUP on a terminal on request, with an inherited socket: %s',
    async (hasSocket) => {
      terminals(0);
      const inheritedSocket = hasSocket ? await makeInheritedSocket() : null;
      onTestFinished(() => inheritedSocket?.close());
      const ignoring = await started('kill -HUP $$; exit 3', { inheritedSocket, ignoreHangup: true });
      ignoring.openGate?.();
      expect(await ignoring.exited).toEqual({ code: 3, signal: null });
      const ending = await started('kill -HUP $$; exit 3', { inheritedSocket });
      ending.openGate?.();
      expect(await ending.exited).toEqual({ code: null, signal: 'SIGHUP' });
    },
  );

  it('gets descriptors under the numbers that they have here', async () => {
    terminals();
    const path = join(temporaryFolder(), 'out');
    const descriptor = openSync(path, 'w');
    onTestFinished(() => closeSync(descriptor));
    const { openGate, exited } = await started(`echo hello > /dev/fd/${descriptor}`, {
      descriptors: [descriptor],
    });
    openGate?.();
    await exited;
    expect(readFileSync(path, 'utf8')).toBe('hello\n');
  });

  it('needs a free descriptor of one digit for the gate', async () => {
    terminals();
    await expect(started('true', { descriptors: [3, 4, 5, 6, 7, 8, 9] })).rejects.toThrow(
      'one of the file descriptors 3 to 9 must be free',
    );
  });

  it('lets its output be read on request', async () => {
    terminals();
    const { openGate, exited, output } = await started('echo out; echo err >&2', {
      output: routeFor('seen'),
    });
    const read = Promise.all(output.map(({ source }) => text(source)));
    openGate?.();
    await exited;
    expect((await read).join('')).toBe('out\nerr\n');
    expect((await started('true')).output).toEqual([]);
  });

  it('shares the group of this process on a terminal', async () => {
    terminals(2);
    const path = join(temporaryFolder(), 'out');
    const { openGate, exited, group, sharesTerminal } = await started('echo $$ > "$OUT"; exit 3', {
      env: { PATH, OUT: path, LIVINGLOCK_TOKEN: 'token-1' },
    });
    expect(sharesTerminal).toBe(true);
    expect(group.named).toEqual([expect.any(Number)]);
    expect(group.isGone()).toBe(false);
    openGate?.();
    expect(await exited).toEqual({ code: 3, signal: null });
    expect(Number(readFileSync(path, 'utf8'))).toBe(group.named[0]);
    expect(group.isGone()).toBe(true);
  });

  it('that does not exist is refused with the error of the system', async () => {
    terminals();
    // Otherwise libuv might report the error by the descriptor that the socket takes in the command.
    openUpTo(40);
    const outfit = { env: { PATH }, output: routeFor('inherited'), descriptors: [], ignoreHangup: false };
    const socket = { name: 'x', descriptor: 2, inode: 0n, close: () => {}, renew: async () => {} };
    await expect(start(['/no/program'], { ...outfit, inheritedSocket: socket })).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});

/** Until the test ends, all descriptors up to this one are open. */
function openUpTo(last: number): void {
  for (let opened = 0; opened < last; ) {
    const descriptor = openSync('/dev/null', 'r');
    onTestFinished(() => closeSync(descriptor));
    opened = descriptor;
  }
}

describe.skipIf(process.platform === 'win32')('why a command could not be started:', () => {
  function reason(code: string, path = 'sh') {
    const error = Object.assign(new Error(`spawn ${path} ${code}`), { code, syscall: `spawn ${path}`, path });
    const { message, exitCode } = notStarted('sh', error);
    return { message, exitCode };
  }

  it.each(['sh', '/bin/sh'])('there is no /dev/null, whichever program the system names (%s)', (path) => {
    const { existsSync } = fs;
    replace(fs, { existsSync: (file) => file !== '/dev/null' && existsSync(file) });
    expect(reason('ENOENT', path)).toEqual({
      message:
        'Cannot start sh: there is no /dev/null here. Make it (`mknod -m 666 /dev/null c 1 3`), or mount /dev.',
      exitCode: 126,
    });
  });

  it('its interpreter is missing', () => {
    expect(reason('ENOENT')).toMatchObject({
      message: expect.stringContaining('its interpreter does not exist'),
      exitCode: 127,
    });
  });

  it.each([
    ['EAGAIN', 'No more processes are allowed: raise the limit (`ulimit -u`, `TasksMax=`, `--pids-limit`).'],
    ['EMFILE', 'Close files that are not needed, or raise the limit (`ulimit -n`).'],
    ['EINVAL', 'Close files that are not needed, or raise the limit (`ulimit -n`).'],
  ])('%s, and what to do about it', (code, remedy) => {
    expect(reason(code)).toEqual({ message: `Cannot start sh: spawn sh ${code}. ${remedy}`, exitCode: 126 });
  });

  it('whatever else the system says', () => {
    expect(reason('EACCES')).toEqual({ message: 'Cannot start sh: spawn sh EACCES.', exitCode: 126 });
  });
});
