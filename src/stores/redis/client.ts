import { createHash } from 'node:crypto';
import { isError } from '../../system/is-error.js';

/**
 * A connection to Redis, as far as a store needs it: a client, pool, sentinel or cluster of node-redis (the package `redis`, version
 * 4 or later), or a `Redis` or `Cluster` of ioredis.
 */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** What a store needs from node-redis. */
export interface NodeRedisClient {
  eval(script: string, options: ScriptOptions): Promise<unknown>;
  evalSha(sha: string, options: ScriptOptions): Promise<unknown>;
}

/** What node-redis passes to a script. */
export interface ScriptOptions {
  keys: string[];
  arguments: string[];
}

/** What a store needs from ioredis. */
export interface IoRedisClient {
  eval(script: string, keys: number, ...parameters: string[]): Promise<unknown>;
  evalsha(sha: string, keys: number, ...parameters: string[]): Promise<unknown>;
}

/** A script in Lua, and the name under which Redis keeps it once it has seen it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** Runs a script with one key, by which a cluster knows where to send it. */
export type Run = (script: Script, key: string, parameters: readonly string[]) => Promise<unknown>;

export function scriptOf(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** Tells the two drivers apart by how they spell `EVALSHA`. Throws a `TypeError` for anything else. */
export function runnerOf(client: RedisClient): Run {
  if (isNodeRedis(client)) {
    return async (script, key, parameters) => {
      refuseClosed(client);
      const options = () => ({ keys: [key], arguments: [...parameters] });
      return bySha(
        () => client.evalSha(script.sha, options()),
        () => client.eval(script.text, options()),
      );
    };
  }
  if (isIoRedis(client)) {
    return (script, key, parameters) =>
      bySha(
        () => client.evalsha(script.sha, 1, key, ...parameters),
        () => client.eval(script.text, 1, key, ...parameters),
      );
  }
  throw new TypeError(
    'redisStore needs a client of node-redis (version 4 or later) or of ioredis, such as `await createClient().connect()` or `new Redis()`, and not ' +
      'what its `multi()` or `pipeline()` returns.',
  );
}

/** A sentinel of node-redis that was never connected would throw a `TypeError` of its own. */
function refuseClosed(client: NodeRedisClient): void {
  if ('isOpen' in client && client.isOpen === false) {
    throw Object.assign(new Error('The client is closed'), { code: 'ClientClosedError' });
  }
}

/** Whether keys are spread over several servers, so that no single one knows all of them. */
export function isCluster(client: RedisClient): boolean {
  return ('isCluster' in client && client.isCluster === true) || 'nodeClient' in client;
}

function isNodeRedis(client: unknown): client is NodeRedisClient {
  return isClientWith(client, ['eval', 'evalSha']);
}

function isIoRedis(client: unknown): client is IoRedisClient {
  return isClientWith(client, ['eval', 'evalsha']);
}

/** A transaction or pipeline has the same methods, but sends nothing before its `exec()`. These are the marks of node-redis and of ioredis. */
function isClientWith(client: unknown, names: readonly string[]): boolean {
  return (
    typeof client === 'object' &&
    client !== null &&
    !('execAsPipeline' in client || 'isPipeline' in client) &&
    names.every((name) => typeof Reflect.get(client, name) === 'function')
  );
}

/** A server that was restarted, or a replica that was promoted, may not know the script yet. Then it has done nothing. */
async function bySha(byName: () => Promise<unknown>, byText: () => Promise<unknown>): Promise<unknown> {
  try {
    return await answerOf(byName());
  } catch (error) {
    if (isError(error) && error.message.startsWith('NOSCRIPT')) return answerOf(byText());
    throw error;
  }
}

function answerOf(answer: unknown): Promise<unknown> {
  if (answer instanceof Object && 'then' in answer) return Promise.resolve(answer);
  throw new TypeError(
    'The client of redisStore uses callbacks, not promises: give it one that is not in legacy mode.',
  );
}
