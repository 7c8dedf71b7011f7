import type { Command } from 'commander';

/**
 * @param wrapped What stands behind `--`; `null` where there is no `--`.
 * @param createWhole Gives a program with all subcommands.
 */
export type Define = (
  program: Command,
  wrapped: readonly string[] | null,
  createWhole: () => Promise<Command>,
) => void;

/** The subcommands in the order of the help text. Each is loaded only when it is called, because cron starts one every minute. */
export const COMMANDS: ReadonlyMap<string, () => Promise<Define>> = new Map([
  ['run', async () => (await import('./run/command.js')).defineRun],
  ['beat', async () => (await import('./beat/command.js')).defineBeat],
  ['status', async () => (await import('./status/command.js')).defineStatus],
  ['break', async () => (await import('./break.js')).defineBreak],
  ['wait', async () => (await import('./wait.js')).defineWait],
  ['schema', async () => (await import('./schema.js')).defineSchema],
  ['verify', async () => (await import('./verify.js')).defineVerify],
  ['schedule', async () => (await import('./schedule/command.js')).defineSchedule],
  ['completion', async () => (await import('./completion/command.js')).defineCompletion],
]);

/**
 * The same without commander, for what is started all the time and mostly in order. Gives the exit code, or `null` for what is
 * not in order.
 */
export type Quickly = (args: readonly string[], wrapped: readonly string[] | null) => Promise<number | null>;

export const QUICKLY: ReadonlyMap<string | undefined, () => Promise<Quickly>> = new Map([
  ['run', async () => (await import('./run/quickly.js')).runQuickly],
  ['beat', async () => (await import('./beat/quickly.js')).beatQuickly],
]);
