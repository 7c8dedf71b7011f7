import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest: begun last, it would run on alone when all else is done. */
const LONGEST = [
  'explorer/explorer.test.ts',
  'integration/pause.test.ts',
  'integration/death.test.ts',
  'integration/cli-store.test.ts',
  'integration/redis-connections.test.ts',
  'integration/sqlite.test.ts',
  'integration/postgres.test.ts',
  'torture/torture.test.ts',
  'integration/cli-stall.test.ts',
  'explorer/breakages.test.ts',
  'integration/races.test.ts',
  'integration/verify.test.ts',
];

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
    include: [
      'test/**/*.test.ts',
      'integration/**/*.test.ts',
      'examples/**/*.test.ts',
      'explorer/**/*.test.ts',
      'torture/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Many tests only wait, for a process or for a time to pass, but some need a processor, and there may be only two.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Where it is set, a Node takes several times as long to start, and the tests start thousands. Only npm needs it.
    env: { NODE_EXTRA_CA_CERTS: '', CERTIFICATES_FOR_NPM: NODE_EXTRA_CA_CERTS },
  },
});
