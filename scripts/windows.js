// npm run test:windows [-- ARGUMENTS]: the tests with commands of Windows, on Windows, or on its Nodes in Wine. The arguments are those of Vitest.
// Where Wine cannot be set up, they are skipped.

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp, tearDown, winPath } from './windows/wine.js';

const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const ARGUMENTS = ['run', '--project', 'windows', ...process.argv.slice(2)];
/** With each Node they take one minute. */
const TIMEOUT = 300_000;

process.exitCode = process.platform === 'win32' ? here() : inWine();

function here() {
  return spawnSync(process.execPath, [VITEST, ...ARGUMENTS], { stdio: 'inherit' }).status ?? 1;
}

function inWine() {
  let nodes;
  try {
    nodes = setUp();
  } catch (error) {
    const [reason] = error.message.split('\n');
    console.error(`*** The tests on Windows are SKIPPED: Wine cannot be set up here: ${reason}. ***`);
    return 0;
  }
  try {
    return Math.max(...nodes.map(runIn));
  } finally {
    tearDown(nodes[0]);
  }
}

/** In Wine, Node can write its output to a file, but not to a pipe. */
function runIn({ version, node, env }) {
  console.log(`Node ${version} for Windows, under Wine:`);
  const folder = mkdtempSync(join(tmpdir(), 'livinglock-windows-'));
  const path = join(folder, 'output');
  const output = openSync(path, 'a');
  try {
    const args = [node, winPath(VITEST), '--maxWorkers=2', ...argumentsFor(version)];
    const { status, error } = spawnSync('wine', args, {
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

/** Each Node writes a report of its own: `--outputFile.json=tests.json` leads to `tests-22.23.3.json`. */
function argumentsFor(version) {
  return ARGUMENTS.map((argument) =>
    argument.startsWith('--outputFile') ? argument.replace(/(?=\.\w+$)/, `-${version}`) : argument,
  );
}
