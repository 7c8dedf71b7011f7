import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { CALLS, type Fault, injectionOf, type Occurrence } from './faults.js';
import type { Program } from './program.js';

/** The line in which Node opens the program. What it does before is not of interest. */
const BEGINNING = /^openat\(.*\/livinglock\.js"/;
/** The pipes of its signal handlers: a lock, and what has arrived. Node hangs if they fail. */
const OF_SIGNALS = /pipe:\[\d+\]>, ("\*", 1|".*", 16)\)/;

/** `null` if faults can be injected here; otherwise why not, in one line. */
export function whyNotHere(): string | null {
  if (process.platform !== 'linux') return 'Faults are injected with strace, which only Linux has.';
  const trial = ['-o', devNull, '-e', 'trace=close', '-e', 'inject=close:delay_enter=1:when=1', 'true'];
  const { error, status } = spawnSync('strace', trial, { stdio: 'ignore' });
  if (error !== undefined) return 'There is no strace on the PATH; `apt-get install strace` brings it.';
  if (status === 0) return null;
  return 'strace cannot inject faults here: ptrace is forbidden, as in some containers, or strace is older than 4.22.';
}

/** What to put before a command to inject the fault into its first thread. */
export function injecting(fault: Fault, output: string): string[] {
  return ['strace', '-y', '-o', output, ...injectionOptions(fault)];
}

export function injectionOptions(fault: Fault): string[] {
  // Whatever starts the command is no longer livinglock once it is the command.
  const isOfChild = fault.call === 'execve';
  const following = isOfChild ? ['-f', '--detach-on=execve'] : [];
  return [...following, '-e', `trace=${fault.call}`, '-e', injectionOf(fault)];
}

/** What to put before a command to write down all its calls that can be made to fail. */
export function recording(output: string): string[] {
  // With a question mark, a call that this processor does not have is left out.
  return ['strace', '-y', '-o', output, '-e', `trace=${[...CALLS.keys()].map((call) => `?${call}`)}`];
}

/** The calls in what was written down, except those with which Node reads the program. */
export function occurrencesIn(output: string, { folder }: Program): Occurrence[] {
  const counts = new Map<string, number>();
  const occurrences: Occurrence[] = [];
  let hasBegun = false;
  for (const line of readFileSync(output, 'utf8').split('\n')) {
    const [, call] = /^(\w+)\(/.exec(line) ?? [];
    if (call === undefined) continue;
    const when = (counts.get(call) ?? 0) + 1;
    counts.set(call, when);
    hasBegun ||= BEGINNING.test(line);
    if (hasBegun && !isOfNode(line) && !line.includes(folder)) occurrences.push({ call, when });
  }
  return occurrences;
}

/** Whether a line is about one of Node's own pipes. */
export function isOfNode(line: string): boolean {
  return OF_SIGNALS.test(line);
}

/** The line at which the fault was injected; `null` if the process did not come so far. */
export function injectedLine(output: string): string | null {
  if (!existsSync(output)) return null;
  const lines = readFileSync(output, 'utf8').split('\n');
  return lines.find((line) => /\((INJECTED|DELAYED)\)$|= \?$/.test(line)) ?? null;
}
