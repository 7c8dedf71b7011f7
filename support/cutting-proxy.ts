import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';

/**
 * When to cut a connection: before the request has reached the server, or when the server has answered it, before the client receives
 * the answer.
 */
export type Cut = 'before' | 'after';

/**
 * Stands between clients and a server on a port of this machine, and cuts a connection at a chosen request. It knows no
 * protocol, and only assumes that the server speaks when spoken to: what a client sends after the server's last word is a
 * request, and what the server sends then is the answer. Greetings count too.
 */
export class CuttingProxy {
  readonly #server: Server;
  readonly #target: NetConnectOpts;
  readonly #sockets = new Set<Socket>();
  #cut: { readonly at: number; readonly to: number; readonly when: Cut } | null = null;
  #requests = 0;
  #roundTrips = 0;
  #hasCut = false;

  /** The caller must end it. */
  static async start(target: NetConnectOpts): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(target: NetConnectOpts) {
    this.#target = target;
    this.#server = createServer((client) => this.#forward(client));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Whether it has cut since it was last told to. */
  get hasCut(): boolean {
    return this.#hasCut;
  }

  /** How often the server has answered, over all connections. */
  get roundTrips(): number {
    return this.#roundTrips;
  }

  /** Counts requests from now on, over all connections, and cuts at this one: 1 is the next. */
  cutAt(request: number, when: Cut): void {
    this.#cutAt(request, request, when);
  }

  /** Cuts at this one and all that follow, until {@link heal} is called. */
  cutFrom(request: number, when: Cut): void {
    this.#cutAt(request, Number.POSITIVE_INFINITY, when);
  }

  /** Stops cutting. */
  heal(): void {
    this.#cut = null;
  }

  #cutAt(at: number, to: number, when: Cut): void {
    this.#requests = 0;
    this.#hasCut = false;
    this.#cut = { at, to, when };
  }

  #forward(client: Socket): void {
    const server = connect(this.#target);
    this.#join(client, server);
    this.#join(server, client);
    let isAsked = false;
    let number = 0;
    client.on('data', (data) => {
      if (!isAsked) number = ++this.#requests;
      isAsked = true;
      if (this.#isCut(number, 'before', client, server)) return;
      server.write(data);
    });
    server.on('data', (data) => {
      const isAnswer = isAsked;
      isAsked = false;
      if (isAnswer) this.#roundTrips++;
      if (isAnswer && this.#isCut(number, 'after', client, server)) return;
      client.write(data);
    });
  }

  #isCut(request: number, when: Cut, ...sockets: readonly Socket[]): boolean {
    const cut = this.#cut;
    if (cut === null || cut.when !== when || request < cut.at || request > cut.to) return false;
    this.#hasCut = true;
    for (const socket of sockets) socket.destroy();
    return true;
  }

  /** What happens to one end of a connection happens to the other. */
  #join(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay();
    // The other end is told by `close`.
    socket.on('error', () => {});
    socket.on('close', (hasFailed) => {
      this.#sockets.delete(socket);
      // What has been written to it still arrives.
      if (hasFailed) other.destroy();
      else other.end();
    });
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
