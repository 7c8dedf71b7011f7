import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { fstatSync, readlinkSync } from 'node:fs';
import { connect, Server } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeInheritedSocket, processesWith } from '../../../src/cli/run/inherited-socket.js';
import { hasOpen } from '../../../src/cli/run/process-list.js';
import { systemProcesses } from '../../../src/index.js';
import { pretend, replace } from '../../../support/replace.js';

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

describe('the process table', () => {
  const socket = { name: 'net:[1] livinglock/x 7', descriptor: 20, inode: 7n, close: () => {} };

  it('is that of the system without a socket', () => {
    const table = processesWith(null);
    expect(table.self()).toEqual(systemProcesses().self());
    expect(table.identify(process.pid)).toEqual(systemProcesses().identify(process.pid));
  });

  it('says that the sign of life outlasts what it names, as long as that is so', () => {
    let isCovered = false;
    const table = processesWith(null, () => isCovered);
    expect(table.identify(process.pid)).not.toHaveProperty('sign');
    isCovered = true;
    expect(table.identify(process.pid)).toMatchObject({ sign: true });
    expect(table.self()).toMatchObject({ sign: true });
  });

  it('names the socket with this process and with groups', () => {
    const system = systemProcesses();
    const table = processesWith(socket);
    expect(table.self()).toEqual({ ...system.self(), inheritedSocket: socket.name });
    vi.spyOn(system, 'identify').mockImplementation((pid, group) =>
      pid === 1 ? null : { ...system.self(), pid, ...(group === true ? { group } : {}) },
    );
    expect(table.identify(20, true)).toMatchObject({ pid: 20, inheritedSocket: socket.name });
    expect(table.identify(20, false)).not.toHaveProperty('inheritedSocket');
    expect(table.identify(1, true)).toBeNull();
  });

  it('leaves everything else to the system', async () => {
    const system = systemProcesses();
    const table = processesWith(socket);
    const self = system.self();
    const liveness = vi.spyOn(system, 'liveness').mockReturnValue('dead');
    const terminate = vi.spyOn(system, 'terminate').mockResolvedValue();
    const refuse = vi.spyOn(system, 'refuseTermination').mockReturnValue();
    vi.spyOn(system, 'uptime').mockReturnValue(5);
    expect(table.liveness(self, 3)).toBe('dead');
    expect(liveness).toHaveBeenCalledWith(self, 3);
    await table.terminate(self, 4, null);
    expect(terminate).toHaveBeenCalledWith(self, 4, null);
    table.refuseTermination?.(self, null);
    expect(refuse).toHaveBeenCalledWith(self, null);
    expect(table.uptime?.()).toBe(5);
  });
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
