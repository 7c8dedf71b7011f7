const ON_POSIX = [
  ...(['SIGALRM', 'SIGABRT', 'SIGVTALRM', 'SIGXCPU'] as const),
  ...(['SIGUSR2', 'SIGTRAP', 'SIGSYS', 'SIGQUIT'] as const),
];

/** The signals that end a process and can be caught without harm. Not SIGXFSZ, which Node ignores: whoever listens to it has to end the process. */
export const ENDING_SIGNALS: readonly NodeJS.Signals[] = [
  ...(['SIGHUP', 'SIGINT', 'SIGTERM'] as const),
  ...(process.platform === 'win32' ? [] : ON_POSIX),
  ...(process.platform === 'linux' ? (['SIGIO', 'SIGPWR', 'SIGSTKFLT'] as const) : []),
];
