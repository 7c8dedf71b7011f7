import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/machine.js';

const PACKAGE = fileURLToPath(new URL('../dist/index.js', import.meta.url));

/** Tells the time before the program, by its clock, and after it, all in milliseconds. */
const ENTRY = `
const { systemClock } = require(${JSON.stringify(PACKAGE)});
const bootTime = () => Number(process.hrtime.bigint()) / 1e6;
require('node:v8').startupSnapshot.setDeserializeMainFunction(() => {
  systemClock.now();
  console.log(JSON.stringify([
    [bootTime(), systemClock.monotonic(), bootTime()],
    [Date.now(), systemClock.now(), Date.now()],
  ]));
});
`;

test.each(['--build-snapshot', '--build_snapshot'])(
  'a program in a startup snapshot (%s) has the clocks of the process that it runs in',
  async (option) => {
    const folder = temporaryFolder();
    const entry = join(folder, 'entry.cjs');
    const file = join(folder, 'bundle.cjs');
    const blob = join(folder, 'blob');
    writeFileSync(entry, ENTRY);
    const bundle = await rolldown({ input: entry, platform: 'node' });
    await bundle.write({ file, format: 'cjs' });
    await bundle.close();
    execFileSync(process.execPath, ['--snapshot-blob', blob, option, file]);
    const times = JSON.parse(execFileSync(process.execPath, ['--snapshot-blob', blob], { encoding: 'utf8' }));
    for (const [before, told, after] of times) {
      // Else its heartbeats would look as old as the snapshot to others, and it would be robbed.
      expect(told).toBeGreaterThan(before - 5);
      expect(told).toBeLessThan(after + 5);
    }
  },
);
