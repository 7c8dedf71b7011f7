// npm run test:fat: the tests on FAT, in a User-Mode Linux, whose kernel has it. Where that cannot be set up, they are skipped.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KERNEL = 'linux.uml';
/** With modules for this kernel, in a folder for each version. */
const MODULES = '/usr/lib/uml/modules';
const PACKAGES = ['user-mode-linux', 'kmod'];
const INIT = fileURLToPath(new URL('fat/init.sh', import.meta.url));
const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** They take half a minute. */
const TIMEOUT = 300_000;

process.exitCode = main();

function main() {
  let output;
  try {
    setUp();
    output = boot();
  } catch (error) {
    const [reason] = error.message.split('\n');
    console.error(`*** The tests on FAT are SKIPPED: User-Mode Linux cannot be set up here: ${reason}. ***`);
    return 0;
  }
  const [, tests = output, status = 1] = /(.*)^status (\d+)$/ms.exec(output) ?? [];
  console.log(tests);
  return Number(status);
}

function setUp() {
  if (isThere()) return;
  if (process.platform !== 'linux' || process.getuid() !== 0)
    throw new Error(`it takes Debian's packages ${PACKAGES.join(' and ')}`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES]);
  if (!isThere()) throw new Error('it has been installed, but does not start');
}

function isThere() {
  return [KERNEL, 'insmod'].every(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

/** Returns what it has written since it was up. Throws if it does not come up. */
function boot() {
  const home = mkdtempSync(join(tmpdir(), 'livinglock-fat-'));
  const [version = ''] = readdirSync(MODULES);
  const parameters = {
    mem: '1500M',
    rootfstype: 'hostfs',
    hostfs: '/',
    init: INIT,
    con: 'null',
    con0: 'null,fd:1',
    // What it does not know itself becomes the environment of its first process.
    NODE: process.execPath,
    PROJECT,
    MODULES: join(MODULES, version),
  };
  try {
    const { stdout, error } = spawnSync(
      KERNEL,
      ['ro', ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`)],
      {
        encoding: 'utf8',
        env: { ...process.env, HOME: home },
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: TIMEOUT,
      },
    );
    const [, output] = /as init process\n(.*)/s.exec(stdout?.replaceAll('\r', '') ?? '') ?? [];
    if (output === undefined) throw error ?? new Error('it does not start');
    return `${output}${error?.message ?? ''}`;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function run(program, args) {
  return execFileSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
}
