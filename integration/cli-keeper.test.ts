import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeInheritedSocket } from '../src/cli/run/sign/inherited-socket.js';
import { Keeper } from '../src/cli/run/sign/keeper.js';
import { LinuxLife } from '../src/system/signs-of-life/linux.js';
import { commandLine } from '../support/machine.js';
import { someIdentity, temporaryFolder } from '../support/world.js';

const PROGRAM = fileURLToPath(new URL('../dist/bin/keeper-program.js', import.meta.url));
const TOKEN = '6c1f7c3e-0a7e-4f7e-9a53-0d5b3f6f0c11';

describe.runIf(process.platform === 'linux')('a keeper', () => {
  const life = new LinuxLife(() => someIdentity());
  let path: string;
  let kept: Keeper;
  let socket: NonNullable<Awaited<ReturnType<typeof makeInheritedSocket>>>;

  beforeEach(async () => {
    const folder = temporaryFolder();
    const sign = life.keep(join(folder, 'sign'));
    const made = await makeInheritedSocket();
    if (sign === null || made === null) throw new Error('No socket could be made.');
    // The kernel ends a sign; closing it also removes its file.
    path = join(folder, 'other name');
    linkSync(join(folder, 'sign'), path);
    socket = made;
    kept = await Keeper.start({
      sign: sign.descriptor ?? 0,
      socket: socket.name,
      token: TOKEN,
      descriptors: [],
      program: PROGRAM,
    });
    onTestFinished(() => kept.end());
    onTestFinished(() => socket.close());
    // As if this process, the runner, had died.
    sign.close();
  });

  async function child(descriptor: number | 'ignore', env: NodeJS.ProcessEnv = {}) {
    const started = spawn('/bin/sleep', ['1000'], {
      detached: true,
      env,
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    await once(started, 'spawn');
    onTestFinished(() => void started.kill('SIGKILL'));
    return Object.assign(started, { group: started.pid ?? 0 });
  }

  /** As if the runner had died. */
  function closeInput(): void {
    kept.input?.end();
  }

  const isDead = () => vi.waitFor(async () => expect(await life.ask(path)).toBe('dead'), { timeout: 20_000 });

  it('keeps the sign until it is told that all is over', async () => {
    expect(await life.ask(path)).toBe('alive');
    await kept.end();
    expect(await life.ask(path)).toBe('dead');
  });

  it('keeps it as long as the group lives that it was told', async () => {
    const command = await child('ignore');
    kept.tell(command.group);
    closeInput();
    expect(await life.ask(path)).toBe('alive');
    command.kill('SIGKILL');
    await isDead();
  });

  it('keeps it as long as anything has the socket open, if it was told nothing', async () => {
    const command = await child(socket.descriptor);
    socket.close();
    closeInput();
    expect(await life.ask(path)).toBe('alive');
    command.kill('SIGKILL');
    await isDead();
  });

  it('keeps it as long as anything has the environment of the command, if it was told nothing', async () => {
    const command = await child('ignore', { LIVINGLOCK_TOKEN: TOKEN });
    socket.close();
    closeInput();
    expect(await life.ask(path)).toBe('alive');
    command.kill('SIGKILL');
    await isDead();
  });

  it('keeps it whatever the processes of the group are called, and however they follow each other', async () => {
    const over = join(temporaryFolder(), 'over');
    const script = `
import ctypes, os, time
ctypes.CDLL(None).prctl(15, b"a\\n) Z 1 1", 0, 0, 0)
for turn in range(40):
    if os.fork(): os._exit(0)
    time.sleep(0.02)
open(${JSON.stringify(over)}, "w")
`;
    const command = spawn('python3', ['-c', script], { detached: true, stdio: 'ignore' });
    await once(command, 'spawn');
    kept.tell(command.pid ?? 0);
    closeInput();
    let seen = 0;
    while (!existsSync(over)) {
      const answer = await life.ask(path);
      if (existsSync(over)) break;
      expect(answer).toBe('alive');
      seen++;
    }
    expect(seen).toBeGreaterThan(10);
    await isDead();
  });

  it('is not ended by what is sent to everything', async () => {
    const command = await child('ignore');
    kept.tell(command.group);
    // Before it can have heard anything, it may not listen yet.
    await vi.waitFor(() => expect(commandLine(kept.pid)[0]).toBe('keeper'), { timeout: 20_000 });
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.kill(kept.pid, signal);
    closeInput();
    expect(await life.ask(path)).toBe('alive');
    command.kill('SIGKILL');
    await isDead();
  });

  it('ends at once if nothing was started', async () => {
    socket.close();
    closeInput();
    await isDead();
  });
});
