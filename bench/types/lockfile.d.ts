/** The part of npm's `lockfile`, which comes without types, that the benchmark uses. */
declare module 'lockfile' {
  interface Options {
    /** Milliseconds since the file was created after which it is free for the taking. Default: never. */
    readonly stale?: number;
  }

  const lockfile: {
    lock(
      path: string,
      options: Options,
      done: (error: NodeJS.ErrnoException | null | undefined) => void,
    ): void;
    unlock(path: string, done: () => void): void;
  };

  export = lockfile;
}
