import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { jobOf } from '../../../src/cli/schedule/new-job.js';
import type { Request } from '../../../src/cli/schedule/schedulers.js';
import { parseAt } from '../../../src/schedule/timing/parse-timing.js';
import { temporaryFolder } from '../../../support/world.js';

function request(some: Partial<Request>): Request {
  return {
    scheduler: null,
    isSystem: false,
    userName: null,
    name: 'parser',
    timing: parseAt('03:30'),
    directory: '.',
    isHardened: false,
    action: 'print',
    isAgreed: false,
    runOptions: [],
    conflictExitCode: 75,
    command: [],
    line: undefined,
    ...some,
  };
}

it.skipIf(process.platform === 'win32')(
  'the path of a command is one from the folder in which it runs',
  () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'job'), '', { mode: 0o755 });
    const { command } = jobOf(request({ directory, command: ['./job', 'x'] }), 'cron');
    expect(command.slice(-3)).toEqual(['--', join(directory, 'job'), 'x']);
    expect(() => jobOf(request({ command: ['./job'] }), 'cron')).toThrow('There is no file');
  },
);

it.skipIf(process.platform === 'win32').each(['node', 'no de', 'node=20'])(
  'a scheduled job runs by a Node in a folder that is called %s',
  (name) => {
    const { execPath } = process;
    onTestFinished(() => {
      process.execPath = execPath;
      vi.unstubAllEnvs();
    });
    const folder = join(temporaryFolder(), name);
    mkdirSync(folder);
    process.execPath = join(folder, 'node');
    writeFileSync(process.execPath, '#!/bin/sh\necho "$LIVINGLOCK_DIR" "$2"', { mode: 0o755 });
    vi.stubEnv('LIVINGLOCK_DIR', '/srv/locks');
    const job = jobOf(request({ command: ['true'] }), 'systemd');
    const [program = '', ...args] = job.command;
    const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '/srv/locks run\n', stderr: '' });
  },
);
