/** What the benchmark uses of npm's `lockfile`, which comes without types. */
declare module 'lockfile' {
  interface Options {
    /** Milliseconds since the file was made, after which it is nobody's. Default: never. */
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
