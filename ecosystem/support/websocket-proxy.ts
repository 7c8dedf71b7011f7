import { once } from 'node:events';
import { connect } from 'node:net';
import { neonConfig } from '@neondatabase/serverless';
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws';

/** Stands between Neon's driver and a PostgreSQL server on a port of this machine, as the proxy of Neon does. The caller must end it. */
export class WebSocketProxy {
  readonly #server: WebSocketServer;

  static async start(target: number): Promise<WebSocketProxy> {
    const proxy = new WebSocketProxy(target);
    await once(proxy.#server, 'listening');
    const address = proxy.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    neonConfig.webSocketConstructor = WebSocket;
    neonConfig.wsProxy = `127.0.0.1:${port}`;
    neonConfig.useSecureWebSocket = false;
    neonConfig.pipelineConnect = false;
    return proxy;
  }

  private constructor(target: number) {
    this.#server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    this.#server.on('connection', (client) => {
      const stream = createWebSocketStream(client);
      const server = connect(target, '127.0.0.1');
      stream.pipe(server).pipe(stream);
      stream.on('error', () => server.destroy());
      server.on('error', () => client.terminate());
    });
  }

  async end(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
