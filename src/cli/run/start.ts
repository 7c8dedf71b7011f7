import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { type Family, groupOf, sharedGroup, treeOf } from './family.js';
import { makeRealPipes } from './real-pipes.js';

/** A command that is there, with its PID, and waits to begin. */
export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly family: Family;
  /** Whether signals of the keyboard reach the command without our help. */
  readonly sharesTerminal: boolean;
  /** What it writes, if that is read. */
  readonly output: readonly { readonly source: Readable; readonly descriptor: number }[];
  /** Lets it begin. Until then, should this process die, nothing will ever have run. */
  begin(): void;
}

/**
 * Waits for a line on descriptor 3, and becomes the command: same PID, same process group. If the runner is killed before
 * the command's PID stands in the lock, there is no line, and nothing runs unprotected.
 */
const GATE = 'read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

/** Starts a command; rejects with the system's error if it cannot be started. */
export async function start(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  isOutputRead: boolean,
): Promise<Started> {
  const sharesTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  if (process.platform === 'win32') return startOnWindows(command, env, isOutputRead, sharesTerminal);

  const shared = sharesTerminal ? sharedGroup() : null;
  const pipes = isOutputRead ? makeRealPipes() : null;
  const [stdout, stderr] = pipes?.descriptors ?? asUsual(isOutputRead);
  const child = spawn('/bin/sh', ['-c', GATE, 'livinglock', ...command], {
    env,
    detached: !sharesTerminal,
    stdio: ['inherit', stdout, stderr, 'pipe'],
  });
  const [out, err] = pipes?.open() ?? [child.stdout, child.stderr];
  const pid = await pidOf(child);
  const gate = child.stdio[3];
  // It may be killed before it begins; how it has ended tells so.
  gate?.on('error', () => {});
  return {
    child,
    pid,
    family: shared ?? groupOf(pid),
    sharesTerminal,
    output: outputOf(out, err),
    begin() {
      if (gate !== null && gate !== undefined && 'end' in gate) gate.end('go\n');
    },
  };
}

/** There is no exec there, so it begins at once. cross-spawn finds scripts and quotes arguments as Windows wants them. */
async function startOnWindows(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  isOutputRead: boolean,
  sharesTerminal: boolean,
): Promise<Started> {
  const { default: crossSpawn } = await import('cross-spawn');
  const child = crossSpawn(program, args, { env, stdio: ['inherit', ...asUsual(isOutputRead)] });
  const pid = await pidOf(child);
  const output = outputOf(child.stdout, child.stderr);
  return { child, pid, family: treeOf(pid), sharesTerminal, output, begin() {} };
}

function asUsual(isOutputRead: boolean): ['pipe', 'pipe'] | ['inherit', 'inherit'] {
  return isOutputRead ? ['pipe', 'pipe'] : ['inherit', 'inherit'];
}

function outputOf(stdout: Readable | null, stderr: Readable | null): Started['output'] {
  return [
    { source: stdout, descriptor: 1 },
    { source: stderr, descriptor: 2 },
  ].flatMap(({ source, descriptor }) => (source === null ? [] : [{ source, descriptor }]));
}

async function pidOf(child: ChildProcess): Promise<number> {
  if (child.pid !== undefined) return child.pid;
  await once(child, 'spawn');
  throw new Error('The command has started without a PID.');
}
