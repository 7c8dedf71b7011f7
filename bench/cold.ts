/** The cost of a job that starts, takes a lock, releases it and ends. `npm run bench:cold`. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Subject } from './rounds.js';
import { benchFolder, compareStarts, startOf } from './starts.js';

const folder = benchFolder();
const path = JSON.stringify(join(folder, 'job.lock'));

await compareStarts(
  [
    job('an empty module', 'empty', ''),
    job(
      'livinglock',
      'livinglock',
      `import { acquire } from '${urlOf('livinglock')}';
      const lock = await acquire(${path});
      await lock.release();`,
    ),
    job(
      'proper-lockfile',
      'proper-lockfile',
      `import lockfile from '${urlOf('proper-lockfile')}';
      const release = await lockfile.lock(${path}, { realpath: false });
      await release();`,
    ),
  ],
  { rounds: 100, packages: ['livinglock', 'proper-lockfile'] },
);
console.log('Aim for livinglock: less than proper-lockfile.');

function job(name: string, file: string, text: string): Subject {
  const program = join(folder, `${file}.mjs`);
  writeFileSync(program, text);
  return startOf(name, process.execPath, program);
}

/** The program runs from another folder, where no package is found by its name. */
function urlOf(name: string): string {
  return pathToFileURL(createRequire(import.meta.url).resolve(name)).href;
}
