import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { INITIAL_PID_NAMESPACE } from '../../../src/system/processes/process-identity.js';
import { LinuxLife } from '../../../src/system/signs-of-life/linux.js';
import type { Sign } from '../../../src/system/signs-of-life/sign-of-life.js';
import { someIdentity, temporaryFolder } from '../../../support/world.js';

const CONTAINER = 'pid:[4026532001]';

function lifeIn(pidNamespace: string | null): LinuxLife {
  return new LinuxLife(() => someIdentity({ pidNamespace }));
}

const life = lifeIn(CONTAINER);
let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'sign');
});

function keep(at: string = path): Sign {
  const sign = life.keep(at);
  if (sign === null) throw new Error('No sign could be kept.');
  onTestFinished(() => sign.close());
  return sign;
}

describe.runIf(process.platform === 'linux')('a sign of life', () => {
  test('tells that its keeper lives, until it is closed', async () => {
    const sign = keep();
    expect(await life.ask(path)).toBe('alive');

    sign.close();
    expect(await life.ask(path)).toBe('unknown');
  });

  test('ends with its keeper, however that ends', async () => {
    const script = `
      const server = require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'));
    `;
    spawnSync(process.execPath, ['-e', script]);

    expect(existsSync(path)).toBe(true);
    expect(await life.ask(path)).toBe('dead');
  });

  test('stays one under another name', async () => {
    keep();
    linkSync(path, join(folder, 'other'));
    unlinkSync(path);

    expect(await life.ask(join(folder, 'other'))).toBe('alive');
  });

  test('tells the same with more questions waiting than the kernel lets wait', async () => {
    // Nobody accepts while this test does not wait.
    const server = createServer((socket) => socket.destroy());
    server.listen({ path, backlog: 1 });
    const waiting: Socket[] = Array.from({ length: 5 }, () => connect(path).on('error', () => {}));
    const answer = life.ask(path);
    onTestFinished(() => {
      for (const socket of waiting) socket.destroy();
      server.close();
    });

    expect(await answer).toBe('alive');
  });

  test('can be kept and asked at a path that is longer than that of a socket', async () => {
    const deep = join(folder, ...Array.from({ length: 6 }, () => 'x'.repeat(50)));
    mkdirSync(deep, { recursive: true });
    keep(join(deep, 'sign'));

    expect(await life.ask(join(deep, 'sign'))).toBe('alive');
    expect(readdirSync(deep)).toEqual(['sign']);
  });

  test('can be asked under a name that is longer than the path of a socket', async () => {
    keep();
    const long = join(folder, 'n'.repeat(200));
    linkSync(path, long);

    expect(await life.ask(long)).toBe('alive');
  });

  test('can be inherited', () => {
    const { descriptor } = keep();
    expect(descriptor).toBeGreaterThan(2);
    const listing = spawnSync('ls', ['-l', '/proc/self/fd/9'], {
      stdio: [
        'ignore',
        'pipe',
        'ignore',
        'ignore',
        'ignore',
        'ignore',
        'ignore',
        'ignore',
        'ignore',
        descriptor ?? 'ignore',
      ],
      encoding: 'utf8',
    });

    expect(listing.stdout).toContain('socket:[');
  });

  test.each([
    ['there is nothing', () => {}],
    ['there is a file', () => writeFileSync(path, '')],
    ['there is a folder', () => mkdirSync(path)],
    [
      'there is a link to one',
      () => {
        keep(join(folder, 'real'));
        symlinkSync('real', path);
      },
    ],
  ])('tells nothing where %s', async (_, put) => {
    put();

    expect(await life.ask(path)).toBe('unknown');
  });

  test('of another user tells nothing', async () => {
    keep();

    expect(await life.ask(path, { uid: 12_345 })).toBe('unknown');
    expect(await life.ask(path, { uid: process.geteuid?.() })).toBe('alive');
  });

  test.each([
    ['gVisor, whose sandboxes have sockets of their own', 'pid:[3]'],
    ['a system that does not tell its namespace', null],
  ])('tells nothing on %s', async (_, pidNamespace) => {
    keep();

    expect(await lifeIn(pidNamespace).ask(path)).toBe('unknown');
  });

  test('is not kept where there is something, or no folder', () => {
    writeFileSync(path, 'mine');

    expect(life.keep(path)).toBeNull();
    expect(life.keep(join(folder, 'missing', 'sign'))).toBeNull();
  });

  test('is needed at once only where the PID proves nothing to others', () => {
    expect(lifeIn(INITIAL_PID_NAMESPACE).when).toBe('holding');
    expect(lifeIn(CONTAINER).when).toBe('entering');
    expect(lifeIn(null).when).toBe('entering');
  });

  test('opens nothing that stays open', async () => {
    const count = () => readdirSync('/proc/self/fd').length;
    keep().close();
    await life.ask(path);
    const before = count();
    for (let round = 0; round < 40; round++) {
      const sign = life.keep(join(folder, String(round)));
      await life.ask(join(folder, String(round)));
      sign?.close();
    }
    await new Promise(setImmediate);

    // Other tests of this process may open or close a few meanwhile.
    expect(count() - before).toBeLessThan(20);
  });
});
