/** Those behind whose `--` stands a command of the user's. For the others `--` only ends the options. */
export const WRAPPING: ReadonlySet<string | undefined> = new Set(['run', 'schedule']);
