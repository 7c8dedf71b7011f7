import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { expect, test } from 'vitest';

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
/** Where the compiler knows neither `ErrorOptions` nor `Symbol.asyncDispose`, and does know the DOM. */
const EARLIER_TARGETS = ['es2020', 'es2021'].map((target) => ({ target, types: [] }));

/** Checking all of it for the first time takes a minute, and there may be other programs. */
const PATIENCE = 600_000;

test.concurrent.each(VERSIONS)(
  'TypeScript %s, however a project finds packages, from ES2020 on, with and without the types of Node and of drivers',
  async (version) => {
    const resolutions = RESOLUTIONS.filter(
      ({ moduleResolution }) => moduleResolution !== 'node10' || version !== '7',
    );
    const adapters = readdirSync(join(HERE, 'adapters')).map((name) => `adapters/${name}`);
    const projects = [
      project(version, NODENEXT, WITH_DRIVERS, WITH_NODE),
      ...resolutions.slice(1).map((resolution) => project(version, resolution, ['types/core.ts'], WITH_NODE)),
      ...resolutions.map((resolution) =>
        project(version, resolution, ['types/without-types.ts'], WITHOUT_TYPES),
      ),
      ...EARLIER_TARGETS.map((options) => project(version, NODENEXT, ['types/without-types.ts'], options)),
      project(version, NODENEXT, adapters, OF_ORMS),
    ];
    expect(await compile(version, projects)).toEqual([]);
  },
  PATIENCE,
);

test('each link in a doc comment leads to something that its file declares or imports, or an editor would show none', () => {
  expect(linksWithoutTarget(join(HERE, 'node_modules', 'livinglock', 'dist'))).toEqual([]);
});

/** Writes a project with these jobs. Returns its folder. */
function project(
  version: string,
  { extension, ...resolution }: typeof NODENEXT,
  jobs: readonly string[],
  options: { readonly target?: string; readonly types: readonly string[] },
): string {
  const files = jobs.map((job) => basename(job, '.ts') + extension);
  const { target = 'es2022', ...others } = options;
  const folder = join(CACHE, [version, resolution.moduleResolution, target, ...files].join('-'));
  mkdirSync(folder, { recursive: true });
  for (const [index, file] of files.entries())
    copyFileSync(join(HERE, jobs[index] ?? ''), join(folder, file));
  const compilerOptions = {
    ...resolution,
    target,
    strict: true,
    exactOptionalPropertyTypes: true,
    esModuleInterop: true,
    skipLibCheck: false,
    ...others,
    noEmit: true,
    // What has not changed since the last run is not checked again.
    incremental: true,
    tsBuildInfoFile: './checked.tsbuildinfo',
    ...(version === '6' && { ignoreDeprecations: '6.0' }),
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  return folder;
}

/**
 * What the compiler reports about the jobs and about this package. What it reports about other packages is theirs. One compiler for all projects
 * reads each file once.
 */
async function compile(version: string, projects: readonly string[]): Promise<readonly string[]> {
  const compiler = join(HERE, 'node_modules', `typescript-${version}`, 'bin', 'tsc');
  const parameters = [compiler, '--build', '--pretty', 'false', ...projects];
  const { stdout } = await promisify(execFile)(process.execPath, parameters, {
    cwd: HERE,
    maxBuffer: Number.POSITIVE_INFINITY,
  }).catch((error) => error);
  return reportsOf(stdout).filter((report) => !isOfOtherPackage(report));
}

/** A report begins at the margin, and may go on in lines that are indented. */
function reportsOf(output: string): readonly string[] {
  return output.split(/\n(?! )/).filter((report) => report !== '');
}

function isOfOtherPackage(report: string): boolean {
  return /^(?:.*\/)?node_modules\/(?!livinglock\/)/.test(report);
}

function linksWithoutTarget(folder: string): readonly string[] {
  const files = ts.sys.readDirectory(folder, ['.d.ts']);
  const program = ts.createProgram(files, { module: ts.ModuleKind.NodeNext, types: [] });
  const checker = program.getTypeChecker();
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    const linksIn = (node: ts.Node): readonly ts.JSDocLink[] =>
      ts.isJSDocLink(node) ? [node] : node.getChildren(source).flatMap(linksIn);
    return (source ? linksIn(source) : [])
      .filter(({ name }) => name === undefined || checker.getSymbolAtLocation(name) === undefined)
      .map((link) => `${relative(folder, file)}: ${link.getText(source)}`);
  });
}
