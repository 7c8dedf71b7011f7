// npm run test:windows [-- ARGUMENTS]: the tests with commands of Windows, on Windows, or on its Node in Wine. The arguments are those of Vitest.
// Where Wine cannot be set up, they are skipped.

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp, tearDown, winPath } from './windows/wine.js';

const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const ARGUMENTS = ['run', '--project', 'windows', ...process.argv.slice(2)];
/** They take one minute. */
const TIMEOUT = 600_000;

process.exitCode = process.platform === 'win32' ? here() : inWine();

function here() {
  return spawnSync(process.execPath, [VITEST, ...ARGUMENTS], { stdio: 'inherit' }).status ?? 1;
}

function inWine() {
  let windows;
  try {
    windows = setUp();
  } catch (error) {
    const [reason] = error.message.split('\n');
    console.error(`*** The tests on Windows are SKIPPED: Wine cannot be set up here: ${reason}. ***`);
    return 0;
  }
  try {
    return runIn(windows);
  } finally {
    tearDown(windows);
  }
}

/** In Wine, Node can write its output to a file, but not to a pipe. */
function runIn({ node, env }) {
  const folder = mkdtempSync(join(tmpdir(), 'livinglock-windows-'));
  const path = join(folder, 'output');
  const output = openSync(path, 'a');
  try {
    const { status, error } = spawnSync('wine', [node, winPath(VITEST), '--maxWorkers=2', ...ARGUMENTS], {
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', output, output],
      timeout: TIMEOUT,
    });
    process.stdout.write(readFileSync(path));
    if (error !== undefined) console.error(`Wine has failed: ${error.message}`);
    return status ?? 1;
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
}
