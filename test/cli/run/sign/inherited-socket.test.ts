import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { fstatSync, readlinkSync } from 'node:fs';
import { connect, Server } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { hasOpen } from '../../../../src/cli/run/processes/process-list.js';
import { makeInheritedSocket } from '../../../../src/cli/run/sign/inherited-socket.js';
import { pretend, replace } from '../../../../support/replace.js';

afterEach(() => void vi.restoreAllMocks());

async function made() {
  const socket = await makeInheritedSocket();
  if (socket === null) throw new Error('No socket could be made.');
  onTestFinished(() => socket.close());
  return socket;
}

describe.runIf(process.platform === 'linux')('an inherited socket', () => {
  it('is named by its network namespace, its own name and its inode number', async () => {
    const { name, descriptor, inode } = await made();
    const [namespace, own, number] = name.split(' ');
    expect(namespace).toBe(readlinkSync('/proc/self/ns/net'));
    expect(own).toMatch(/^livinglock\/[\da-f-]{36}$/);
    expect(number).toBe(String(inode));
    expect(fstatSync(descriptor, { bigint: true }).ino).toBe(inode);
  });

  it('is open in whoever has inherited it, and in nobody else', async () => {
    const socket = await made();
    const { pid = 0, kill } = await child(socket.descriptor);
    const other = await child('ignore');
    expect(hasOpen(pid, socket)).toBe(true);
    expect(hasOpen(other.pid, socket)).toBe(false);
    await kill();
    expect(hasOpen(pid, socket)).toBe(false);
  });

  it('is closed on request', async () => {
    const socket = await makeInheritedSocket();
    expect(hasOpen(process.pid, { ...(socket ?? (await made())) })).toBe(true);
    const close = vi.spyOn(Server.prototype, 'close');
    socket?.close();
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('becomes another one for another command', async () => {
    const socket = await made();
    const { name, inode } = socket;
    const first = await child(socket.descriptor);
    await socket.renew();
    expect(socket.name).not.toBe(name);
    expect(socket.inode).not.toBe(inode);
    expect(hasOpen(process.pid, { inode })).toBe(false);
    expect(hasOpen(first.pid, { inode })).toBe(true);
    expect(hasOpen(first.pid, socket)).toBe(false);
    const second = await child(socket.descriptor);
    expect(hasOpen(second.pid, socket)).toBe(true);
    socket.close();
    expect(hasOpen(process.pid, socket)).toBe(false);
  });

  it('cannot become another one where there can be none', async () => {
    const socket = await made();
    vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server) {
      queueMicrotask(() => this.emit('error', new Error('EMFILE')));
      return this;
    });
    await expect(socket.renew()).rejects.toThrow('no socket can be made');
  });

  it('answers nobody', async () => {
    const { name } = await made();
    const client = connect({ path: `\0${name.split(' ')[1]}` });
    client.on('error', () => {});
    client.resume();
    await once(client, 'close');
  });

  it('does not exist where it is forbidden, or without /proc', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server) {
      queueMicrotask(() => this.emit('error', new Error('EPERM')));
      return this;
    });
    expect(await makeInheritedSocket()).toBeNull();
    listen.mockRestore();
    const changes: object = {
      readlinkSync() {
        throw new Error('ENOENT');
      },
    };
    replace(fs, changes);
    expect(await makeInheritedSocket()).toBeNull();
  });
});

it('does not exist on other systems', async () => {
  pretend('darwin');
  expect(await makeInheritedSocket()).toBeNull();
});

/** A process that has this descriptor, and runs until it is killed. */
async function child(descriptor: number | 'ignore') {
  const started = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
  const ended = once(started, 'exit');
  const kill = async () => {
    started.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  await once(started, 'spawn');
  return { pid: started.pid ?? 0, kill };
}
