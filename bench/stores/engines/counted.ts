import type { NetConnectOpts } from 'node:net';
import { CuttingProxy } from '../../../support/cutting-proxy.js';
import type { CountedField, Field } from './engine.js';

/** Connects to a server through a port of this machine that counts how often the server answers. */
export async function connectCounted(
  server: NetConnectOpts,
  connect: (port: number) => Promise<Field>,
): Promise<CountedField> {
  const proxy = await CuttingProxy.start(server);
  const field = await connect(proxy.port);
  return {
    ...field,
    count: () => proxy.roundTrips,
    async [Symbol.asyncDispose]() {
      await field[Symbol.asyncDispose]();
      await proxy.end();
    },
  };
}
