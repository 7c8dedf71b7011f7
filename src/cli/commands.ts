import type { Command } from 'commander';

/** @param wrapped What stands behind `--`; `null` where there is no `--`. */
export type Define = (program: Command, wrapped: readonly string[] | null) => void;

/** The subcommands in the order of the help text. Each is loaded only when it is called, because cron starts one every minute. */
export const COMMANDS: ReadonlyMap<string, () => Promise<Define>> = new Map([
  ['run', async () => (await import('./run/command.js')).defineRun],
  ['beat', async () => (await import('./beat.js')).defineBeat],
  ['schedule', async () => (await import('./schedule/command.js')).defineSchedule],
]);
