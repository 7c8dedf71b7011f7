// npm run test:mutation [-- ROOM|FILE...]: plants faults in the sources, and tells how many of them the unit tests of their room find.
// Without arguments in all rooms. The exit status is 1 if a room is below its bar.

import { Stryker } from '@stryker-mutator/core';

/** By how much of what is mutated must be found, in percent. */
const ROOMS = [
  { name: 'core', bar: 85 },
  { name: 'stores/file', bar: 85 },
  { name: 'cli/run', bar: 75 },
  { name: 'schedule', bar: 75 },
];

const names = process.argv.slice(2);
const runs = names.length === 0 ? ROOMS.map(wholeRoom) : names.map(runOf);

const lines = [];
for (const run of runs) lines.push(await score(run));
console.log(lines.join('\n'));

function wholeRoom(room) {
  return { ...room, room: room.name, mutate: [`src/${room.name}/**/*.ts`] };
}

function runOf(name) {
  const room = ROOMS.find((each) => name === each.name || name.startsWith(`src/${each.name}/`));
  if (room === undefined) {
    console.error(
      `${name} is neither a room (${ROOMS.map((each) => each.name).join(', ')}) nor a file in one.`,
    );
    process.exit(2);
  }
  return name === room.name ? wholeRoom(room) : { name, room: room.name, bar: room.bar, mutate: [name] };
}

async function score({ name, room, bar, mutate }) {
  const stryker = new Stryker({
    mutate,
    vitest: { configFile: 'vitest.mutation.config.ts', dir: `test/${room}` },
    jsonReporter: { fileName: `build/mutation/${room.replaceAll('/', '-')}.json` },
  });
  const results = await stryker.runMutationTest();
  const count = (...statuses) => results.filter(({ status }) => statuses.includes(status)).length;
  const killed = count('Killed', 'Timeout');
  const total = killed + count('Survived', 'NoCoverage');
  const percent = (100 * killed) / total;
  if (percent < bar) process.exitCode = 1;
  // Rounded down: 84.6 % is not 85 %.
  return `${name}: ${Math.floor(percent)} % of ${total.toLocaleString('en')} mutants killed (at least ${bar} %)`;
}
