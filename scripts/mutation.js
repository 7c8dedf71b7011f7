// npm run test:mutation [-- ROOM|FILE...]: plants faults in the sources, and tells how many of them the unit tests of their room find.
// Without arguments in all rooms. The exit status is 1 if a room is below its bar.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stryker } from '@stryker-mutator/core';

// What a mutant that takes too long leaves behind is removed with the folder.
const folder = mkdtempSync(join(tmpdir(), 'livinglock-mutation-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.env.TMPDIR = folder;

/** How many of its mutants must be killed, in percent, and by which tests. */
const ROOMS = [
  { name: 'core', bar: 85, tests: ['core'] },
  // Most tests of core run on the file store.
  { name: 'stores/file', bar: 85, tests: ['stores/file', 'core'] },
  { name: 'cli/run', bar: 75, tests: ['cli/run'] },
  { name: 'schedule', bar: 75, tests: ['schedule'] },
];

const names = process.argv.slice(2);
const runs = names.length === 0 ? ROOMS.map(wholeRoom) : names.map(runOf);

const lines = [];
for (const run of runs) lines.push(await score(run));
console.log(lines.join('\n'));

function wholeRoom(room) {
  return { room, name: room.name, mutate: [`src/${room.name}/**/*.ts`] };
}

function runOf(name) {
  const room = ROOMS.find((each) => name === each.name || name.startsWith(`src/${each.name}/`));
  if (room === undefined) {
    console.error(
      `${name} is neither a room (${ROOMS.map((each) => each.name).join(', ')}) nor a file in one.`,
    );
    process.exit(2);
  }
  return name === room.name ? wholeRoom(room) : { room, name, mutate: [name] };
}

async function score({ room, name, mutate }) {
  process.env.MUTATION_TESTS = room.tests.map((folder) => `test/${folder}/**/*.test.ts`).join();
  const stryker = new Stryker({
    mutate,
    jsonReporter: { fileName: `build/mutation/${room.name.replaceAll('/', '-')}.json` },
  });
  const results = await stryker.runMutationTest();
  const count = (...statuses) => results.filter(({ status }) => statuses.includes(status)).length;
  const killed = count('Killed', 'Timeout');
  const total = killed + count('Survived', 'NoCoverage');
  const percent = (100 * killed) / total;
  if (percent < room.bar) process.exitCode = 1;
  // Rounded down: 84.6 % is not 85 %.
  return `${name}: ${Math.floor(percent)} % of ${total.toLocaleString('en')} mutants killed (at least ${room.bar} %)`;
}
