import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeInheritedSocket } from '../../../src/cli/run/inherited-socket.js';
import { Keeper } from '../../../src/cli/run/keeper.js';
import { LinuxLife } from '../../../src/system/life/linux.js';
import { someIdentity, temporaryFolder } from '../../../support/world.js';

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
    kept = await Keeper.start(sign.descriptor ?? 0, socket.inode);
    onTestFinished(() => kept.end());
    onTestFinished(() => socket.close());
    // As if this process, the runner, had died.
    sign.close();
  });

  async function child(descriptor: number | 'ignore') {
    const started = spawn('sleep', ['1000'], {
      detached: true,
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

  it('ends at once if nothing was started', async () => {
    socket.close();
    closeInput();
    await isDead();
  });
});
