import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, type } from 'node:os';
import { dirname, join } from 'node:path';

const PACKAGES = ['livinglock', 'proper-lockfile', 'lockfile', 'fs-native-extensions', 'write-file-atomic'];

const require = createRequire(import.meta.url);

/** The processor and the system: `AMD EPYC 7763, 4 cores; Linux 6.8.0`. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.replace(/\s+/g, ' ').trim() || process.arch;
  const cores = availableParallelism();
  return `${model}, ${cores} ${cores === 1 ? 'core' : 'cores'}; ${type()} ${release()}`;
}

/** Node and the packages: `Node 20.19.0; livinglock 0.1.0, …`. */
export function describeSoftware(names: readonly string[] = PACKAGES): string {
  const packages = names.map((name) => `${name} ${versionOf(name)}`);
  return `Node ${process.versions.node}; ${packages.join(', ')}`;
}

/** Not every package exports its `package.json`, so this searches the parents of what it does export. That in `dist` only says how its files are loaded. */
function versionOf(name: string): string {
  for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    const manifest: unknown = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
      return String(manifest.version);
  }
  return '';
}

/**
 * Returns a function that tells which share of the processors' time other processes have taken since, from 0 to 1. This is
 * part of the result, because it does not cancel out in a ratio: threads wake up faster on processors that never sleep,
 * so on a busy machine an asynchronous lock looks better, and a synchronous one worse, than on an idle machine.
 */
export function watchOthers(): () => number {
  const before = readTimes();
  return () => {
    const now = readTimes();
    const others = now.busy - before.busy - (now.own - before.own);
    return Math.max(0, others / (now.all - before.all));
  };
}

/** Milliseconds of all processors together. */
function readTimes(): { readonly busy: number; readonly all: number; readonly own: number } {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  const busy = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0);
  const { user, system } = process.cpuUsage();
  return { busy, all: busy + idle, own: (user + system) / 1000 };
}
