/** The part of `fs-native-extensions`, which comes without types, that the benchmark and the torture use. */
declare module 'fs-native-extensions' {
  const extensions: {
    /** Locks the open file for writing, if nobody else has: `fcntl(2)` with `F_OFD_SETLK` on Linux. */
    tryLock(descriptor: number): boolean;
    unlock(descriptor: number): void;
  };

  export = extensions;
}
