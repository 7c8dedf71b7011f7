import type { Commands, Load } from './grammar/command-definition.js';

/** The subcommands in the order of the help text. */
export const COMMANDS: Commands = new Map<string, Load>([
  ['run', async () => (await import('./run/command.js')).RUN],
  ['beat', async () => (await import('./beat.js')).BEAT],
  ['status', async () => (await import('./status/command.js')).STATUS],
  ['history', async () => (await import('./history/command.js')).HISTORY],
  ['logs', async () => (await import('./logs/command.js')).LOGS],
  ['check', async () => (await import('./check/command.js')).CHECK],
  ['metrics', async () => (await import('./metrics/command.js')).METRICS],
  ['break', async () => (await import('./break.js')).BREAK],
  ['wait', async () => (await import('./wait.js')).WAIT],
  ['schema', async () => (await import('./schema.js')).SCHEMA],
  ['verify', async () => (await import('./verify.js')).VERIFY],
  ['schedule', async () => (await import('./schedule/command.js')).SCHEDULE],
  ['completion', async () => (await import('./completion/command.js')).COMPLETION],
  ['help', async () => (await import('./help.js')).helpOn(COMMANDS)],
]);

/** Not meant to be typed by people. */
export const HIDDEN: Commands = new Map<string, Load>([
  ['complete-words', async () => (await import('./completion/words.js')).completeWords(COMMANDS)],
]);
