import type { ChildProcess } from 'node:child_process';
import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { RunSettings } from '../options/run-options.js';
import { isWatchable, OUTPUTS } from '../proof/watch-files.js';
import type { Stdio } from '../start/descriptors.js';
import { makeRealPipes } from '../start/real-pipes.js';

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
  readonly stdio: readonly [stdout: Stdio, stderr: Stdio];
  /** How many outputs are read. */
  readonly count: number;
  /** Must be called once the command has been started. */
  read(child: ChildProcess): ReadOutput[];
}

/**
 * - `inherited`: the command gets our descriptors, and this process does not see what it writes.
 * - `seen`: this process sees that the command writes.
 * - `read`: all of it goes through this process.
 * - `merged`: the same, and as nothing is passed on, through one pipe, which keeps the order of stdout and stderr.
 * - `discarded`: nobody reads it.
 */
export type OutputMode = 'inherited' | 'seen' | 'read' | 'merged' | 'discarded';

const NAMES = ['stdin', 'stdout', 'stderr'];

/** @param isLogged Whether a log keeps it. */
export function modeFor({ output: { passOn }, proof }: RunSettings, isLogged: boolean): OutputMode {
  const isProof = proof.by === 'output';
  if (passOn === 'never') return isLogged || isProof ? 'merged' : 'discarded';
  if (isLogged || passOn === 'on-failure') return 'read';
  return isProof ? 'seen' : 'inherited';
}

export function routeFor(mode: OutputMode): OutputRoute {
  switch (mode) {
    case 'inherited':
      return readOutput([]);
    case 'seen':
      return readOutput(together(OUTPUTS.filter((descriptor) => !isWatchable(descriptor))));
    case 'read':
      return readOutput(together(OUTPUTS));
    case 'merged':
      return readOutput([OUTPUTS]);
    case 'discarded':
      return { stdio: ['ignore', 'ignore'], count: 0, read: () => [] };
  }
}

/**
 * Reads the output for these descriptors of ours; those of each group through one pipe. That is needed to see that the command writes, unless it is to a file: a file is handed to the
 * command and watched from outside (`watchOutputFiles`). A full disk is then the command's own failure, the order is kept, and the command
 * outlives this process.
 */
function readOutput(groups: readonly (readonly number[])[]): OutputRoute {
  const pipes = makeRealPipes(groups.length);
  // Node makes a pipe for each descriptor.
  const read = pipes === null ? groups.flat().map((number) => [number]) : groups;
  const writing = (descriptor: number): Stdio => {
    const index = read.findIndex((group) => group.includes(descriptor));
    return index === -1 ? 'inherit' : (pipes?.[index]?.writing ?? 'pipe');
  };
  return {
    stdio: [writing(1), writing(2)],
    count: read.length,
    read: ({ stdout, stderr }) =>
      read.flatMap((group, index) => {
        const source = pipes?.[index]?.open() ?? (group[0] === 1 ? stdout : stderr);
        return source === null ? [] : [readFor(group, source)];
      }),
  };
}

/** The descriptors of each pipe. Descriptors with the same target share one: two would lose the order of the output. */
function together(descriptors: readonly number[]): readonly (readonly number[])[] {
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

function readFor(descriptors: readonly number[], source: Readable): ReadOutput {
  const name = descriptors.map((descriptor) => NAMES[descriptor]).join(' and ');
  return { source, descriptor: descriptors[0] ?? 1, name };
}
