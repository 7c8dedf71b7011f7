import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What is long by nature: many schedules, many pauses and kills, a fault at every call, long computations, all that the documentation shows. `npm run test:long`. */
const LONG = [
  'explorer/soundness-dead.test.ts',
  'explorer/soundness-living.test.ts',
  'explorer/breakages.test.ts',
  'integration/cli-server-stores.test.ts',
  'integration/cpu-bound.test.ts',
  'integration/crowds.test.ts',
  'integration/death.test.ts',
  'integration/docs.test.ts',
  'integration/fenced-import.test.ts',
  'integration/hostile-folder.test.ts',
  'integration/mutation.test.ts',
  'integration/pause.test.ts',
  'test/core/model.test.ts',
  'test/stores/file/breakages.test.ts',
  'test/stores/file/faults.test.ts',
  'test/stores/file/hostile-tree.test.ts',
  'torture/system-calls/system-calls.test.ts',
  'torture/torture.test.ts',
];
/** Unit tests that need a server, or look at a real disk: they run with the integration tests. */
const SLOW_UNITS = [
  'test/stores/postgres/**/*.test.ts',
  'test/stores/redis/**/*.test.ts',
  'test/stores/sqlite/suite.test.ts',
  'test/verify/**/*.test.ts',
];

/** What takes longest: begun last, it would run on alone when all else is done. */
const LONGEST = [
  ...LONG,
  'integration/postgres.test.ts',
  'integration/redis-connections.test.ts',
  'integration/cli-process-group.test.ts',
  'integration/cli-stall.test.ts',
  'integration/package.test.ts',
  'integration/cli-terminal.test.ts',
];

/** Tests with commands of Windows. `npm run test:windows` runs them elsewhere, if Wine is installed. */
const OF_WINDOWS = 'integration/windows/**/*.test.ts';

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    return others.toSorted((one, other) => rank(one) - rank(other));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const index = LONGEST.findIndex((file) => moduleId.endsWith(file));
  return index === -1 ? LONGEST.length : index;
}

const { NODE_EXTRA_CA_CERTS = '' } = process.env;

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Many tests only wait, for a process or for a time to pass, but some need a processor, and there may be only two.
    maxWorkers: 5,
    // Loading the sources again for each file would take a quarter of the time. No test may depend on what another has left in a module.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // Where it is set, a Node takes several times as long to start, and the tests start thousands. Only npm needs it.
    env: { NODE_EXTRA_CA_CERTS: '', CERTIFICATES_FOR_NPM: NODE_EXTRA_CA_CERTS },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...SLOW_UNITS, ...LONG] },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          globalSetup: ['support/report-skips.ts'],
          include: [
            ...SLOW_UNITS,
            'integration/**/*.test.ts',
            'examples/**/*.test.ts',
            'bench/**/*.test.ts',
            'torture/**/*.test.ts',
            'explorer/**/*.test.ts',
          ],
          exclude: process.platform === 'win32' ? LONG : [...LONG, OF_WINDOWS],
        },
      },
      {
        extends: true,
        test: { name: 'long', globalSetup: ['torture/system-calls/report-skip.ts'], include: LONG },
      },
      {
        extends: true,
        test: { name: 'windows', include: [OF_WINDOWS] },
      },
      {
        extends: true,
        test: {
          name: 'ecosystem',
          // Each is a compiler.
          maxConcurrency: 2,
          globalSetup: ['ecosystem/support/install.ts'],
          include: ['ecosystem/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
        },
      },
    ],
  },
});
