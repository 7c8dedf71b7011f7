import type { ChildProcess } from 'node:child_process';
import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { isWatchable, OUTPUTS } from './output-files.js';
import { makeRealPipes, type RealPipe } from './real-pipes.js';

/** Output of the command that this process reads and has to pass on. */
export interface ReadOutput {
  readonly source: Readable;
  /** The descriptor of this process that it is passed on to. */
  readonly descriptor: number;
  /** Such as `stdout and stderr`. */
  readonly name: string;
}

/** How a command's stdout and stderr reach those of this process. */
export interface OutputRoute {
  /** For `spawn`: stdout and stderr. */
  readonly stdio: readonly [stdout: OutputStdio, stderr: OutputStdio];
  /** Must be called once the command has been started. */
  read(child: ChildProcess): ReadOutput[];
}

type OutputStdio = 'inherit' | 'pipe' | number;

const NAMES = new Map([
  [1, 'stdout'],
  [2, 'stderr'],
]);

/** The command gets our descriptors, and this process does not see what it writes. */
export const INHERITED: OutputRoute = { stdio: ['inherit', 'inherit'], read: () => [] };

/**
 * Lets this process see that the command writes. A file is handed to the command and watched from outside (`watchOutputFiles`): a full disk
 * is then the command's own failure, the order is kept, and the command outlives this process. Anything else is read here and passed on.
 */
export function visibleOutput(): OutputRoute {
  const groups = toBeRead();
  const pipes = makeRealPipes(groups.length);
  return pipes === null ? byPipesOfNode(groups.flat()) : byRealPipes(groups, pipes);
}

/** The descriptors of each pipe. Descriptors with the same target share one: two would lose the order of the output. */
function toBeRead(): readonly number[][] {
  const descriptors = OUTPUTS.filter((descriptor) => !isWatchable(descriptor));
  return descriptors.length === 2 && isSameThing() ? [descriptors] : descriptors.map((number) => [number]);
}

function isSameThing(): boolean {
  const [one, other] = OUTPUTS.map((descriptor) => {
    const { dev, ino, rdev } = fstatSync(descriptor, { bigint: true });
    // Not all systems number their sockets.
    return ino === 0n ? descriptor : `${dev} ${ino} ${rdev}`;
  });
  return one === other;
}

function byRealPipes(groups: readonly number[][], pipes: readonly RealPipe[]): OutputRoute {
  const pipeOf = (descriptor: number) =>
    pipes[groups.findIndex((group) => group.includes(descriptor))]?.writing ?? 'inherit';
  return {
    stdio: [pipeOf(1), pipeOf(2)],
    read: () => pipes.map((pipe, index) => readFor(groups[index] ?? [], pipe.open())),
  };
}

function byPipesOfNode(descriptors: readonly number[]): OutputRoute {
  const pipeOf = (descriptor: number) => (descriptors.includes(descriptor) ? 'pipe' : 'inherit');
  return {
    stdio: [pipeOf(1), pipeOf(2)],
    read: ({ stdout, stderr }) => [
      ...(stdout === null ? [] : [readFor([1], stdout)]),
      ...(stderr === null ? [] : [readFor([2], stderr)]),
    ],
  };
}

function readFor(descriptors: readonly number[], source: Readable): ReadOutput {
  const name = descriptors.map((descriptor) => NAMES.get(descriptor)).join(' and ');
  return { source, descriptor: descriptors[0] ?? 1, name };
}
