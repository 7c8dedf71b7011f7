import { afterAll, beforeAll, describe } from 'vitest';

interface Server {
  end(): unknown;
}

/** Defines tests that share a server, which runs while they do. If there can be no server, they count as skipped. */
export function describeWithServer<S extends Server>(
  title: string,
  canServe: boolean,
  start: () => Promise<S>,
  define: (server: () => S) => void,
): void {
  describe.skipIf(!canServe)(title, () => {
    let started: S | undefined;
    beforeAll(async () => {
      started = await start();
    });
    afterAll(() => started?.end());
    define(() => {
      if (started === undefined) throw new Error('The server has not been started yet.');
      return started;
    });
  });
}
