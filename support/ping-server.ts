import { once } from 'node:events';
import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';

/** A request as the server got it. */
interface Ping {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** What the server does: answers, in its own words or in raw ones of HTTP, hangs up, or says nothing. */
type Reaction =
  | { readonly status: number; readonly text?: string; readonly headers?: Record<string, string> }
  | { readonly raw: string }
  | 'hang up'
  | 'silence';

export interface PingServer {
  readonly url: string;
  /** Everything that was asked, in this order. */
  readonly pings: readonly Ping[];
  /** The next reactions. After those it answers 200 with `OK`. */
  readonly reactions: Reaction[];
}

/** A service on this machine that runs are reported to, until the test ends. */
export async function pingServer(): Promise<PingServer> {
  const pings: Ping[] = [];
  const reactions: Reaction[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('error', () => {});
    for await (const chunk of request) body += chunk;
    const { method = '', url = '', headers } = request;
    pings.push({ method, target: url, body, headers });
    const reaction = reactions.shift() ?? { status: 200 };
    if (reaction === 'hang up') request.socket.destroy();
    else if (typeof reaction === 'object' && 'raw' in reaction) request.socket.end(reaction.raw);
    else if (reaction !== 'silence')
      response.writeHead(reaction.status, reaction.headers).end(reaction.text ?? 'OK');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, pings, reactions };
}
