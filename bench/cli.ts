/** The cost of starting a job under a lock, which cron does every minute. `npm run bench:cli`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchFolder, compareStarts, startIn, startOf } from './starts.js';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/livinglock.js', import.meta.url));

/** The minimum for any Node program that starts another program. */
const STARTS_TRUE = `require('node:child_process').spawn('true', { stdio: 'inherit' })`;

/** The target: the most that a job under a lock may cost, in starts of Node. */
const TARGET = 2;

/** The most that the history may add, in milliseconds. */
const HISTORY_TARGET = 3;

const folder = benchFolder();
const node = '`node -e 0`';
const { execPath } = process;

await compareStarts(
  [
    startOf(node, execPath, '-e', '0'),
    startOf('a Node that starts `true`', execPath, '-e', STARTS_TRUE),
    startOf('`livinglock run -- true`', execPath, PROGRAM, 'run', join(folder, 'job.lock'), '--', 'true'),
    startIn(
      { LIVINGLOCK_HISTORY: join(folder, 'history') },
      'the same with a history',
      execPath,
      PROGRAM,
      ...['run', join(folder, 'job.lock'), '--', 'true'],
    ),
    startOf('`livinglock --version`', execPath, PROGRAM, '--version'),
    ...(has('flock')
      ? [startOf('`flock -n … true`', 'flock', '-n', join(folder, 'flock.lock'), 'true')]
      : []),
  ],
  { rounds: 50, packages: ['livinglock'] },
);
console.log(
  `Aim for livinglock run: at most ${TARGET} times ${node}; a Node that only starts \`true\` is the lower limit. The history may add ${HISTORY_TARGET} ms.`,
);

function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}
