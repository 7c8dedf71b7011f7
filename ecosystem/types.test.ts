import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const HERE = import.meta.dirname;
const CACHE = join(HERE, '.cache', 'types');
const VERSIONS = ['5.2', '5.9', '6', '7'];
/** How a project may find packages. Version 7 no longer has `node10`. */
const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext', extension: '.mts' };
const RESOLUTIONS = [
  NODENEXT,
  { module: 'nodenext', moduleResolution: 'nodenext', extension: '.cts' },
  { module: 'esnext', moduleResolution: 'bundler', extension: '.ts' },
  { module: 'commonjs', moduleResolution: 'node10', extension: '.ts' },
];
const WITH_NODE = { lib: ['es2023'], types: ['node'] };
const WITH_DRIVERS = ['core', 'sqlite', 'postgres', 'redis'].map((job) => `types/${job}.ts`);
/** ORMs have so many types that to check all of them would take a minute. */
const OF_ORMS = { ...WITH_NODE, skipLibCheck: true };
const WITHOUT_TYPES = { lib: ['es2022'], types: [] };

describe.concurrent.each(VERSIONS)('TypeScript %s', (version) => {
  const resolutions = RESOLUTIONS.filter(
    ({ moduleResolution }) => moduleResolution !== 'node10' || version !== '7',
  );

  test('a job with each driver', async () => {
    expect(await compile(version, NODENEXT, WITH_DRIVERS, WITH_NODE)).toBe('');
  });

  test.each(resolutions.slice(1))('$extension, $moduleResolution: a job', async (resolution) => {
    expect(await compile(version, resolution, ['types/core.ts'], WITH_NODE)).toBe('');
  });

  test.each(resolutions)(
    '$extension, $moduleResolution: without the types of Node or of any driver',
    async (resolution) => {
      expect(await compile(version, resolution, ['types/without-types.ts'], WITHOUT_TYPES)).toBe('');
    },
  );

  test('each adapter for PostgreSQL', async () => {
    const adapters = readdirSync(join(HERE, 'adapters')).map((name) => `adapters/${name}`);
    expect(await compile(version, NODENEXT, adapters, OF_ORMS)).toBe('');
  });
});

/** What the compiler reports about the jobs and about this package. What it reports about other packages is theirs. */
async function compile(
  version: string,
  { extension, ...resolution }: typeof NODENEXT,
  jobs: readonly string[],
  options: object,
): Promise<string> {
  const files = jobs.map((job) => basename(job, '.ts') + extension);
  const folder = join(CACHE, [version, resolution.moduleResolution, ...files].join('-'));
  mkdirSync(folder, { recursive: true });
  for (const [index, file] of files.entries())
    copyFileSync(join(HERE, jobs[index] ?? ''), join(folder, file));
  const compilerOptions = {
    ...resolution,
    target: 'es2022',
    strict: true,
    exactOptionalPropertyTypes: true,
    esModuleInterop: true,
    skipLibCheck: false,
    ...options,
    noEmit: true,
    // What has not changed since the last run is not checked again.
    incremental: true,
    tsBuildInfoFile: './checked.tsbuildinfo',
    ...(version === '6' && { ignoreDeprecations: '6.0' }),
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const compiler = join(HERE, 'node_modules', `typescript-${version}`, 'bin', 'tsc');
  const parameters = [compiler, '--pretty', 'false', '-p', folder];
  const { stdout } = await promisify(execFile)(process.execPath, parameters, { cwd: HERE }).catch(
    (error) => error,
  );
  return reportsOf(stdout)
    .filter((report) => !isOfOtherPackage(report))
    .join('\n');
}

/** A report begins at the margin, and may go on in lines that are indented. */
function reportsOf(output: string): readonly string[] {
  return output.split(/\n(?! )/).filter((report) => report !== '');
}

function isOfOtherPackage(report: string): boolean {
  return /^(?:.*\/)?node_modules\/(?!livinglock\/)/.test(report);
}
