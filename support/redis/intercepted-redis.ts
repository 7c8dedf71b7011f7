import type { IoRedisClient, NodeRedisClient, RedisClient } from 'livinglock/redis';

/** Runs a command and returns its answer: earlier, later, or another one. */
export type Around = (run: () => Promise<unknown>) => Promise<unknown>;

/** The same client, except that each of its commands is passed to `around`. */
export function interceptedRedis(client: RedisClient, around: Around): RedisClient {
  return 'evalSha' in client ? interceptedNodeRedis(client, around) : interceptedIoRedis(client, around);
}

function interceptedNodeRedis(client: NodeRedisClient, around: Around): NodeRedisClient {
  return {
    eval: (script, options) => around(() => client.eval(script, options)),
    evalSha: (sha, options) => around(() => client.evalSha(sha, options)),
  };
}

function interceptedIoRedis(client: IoRedisClient, around: Around): IoRedisClient {
  return {
    eval: (script, keys, ...parameters) => around(() => client.eval(script, keys, ...parameters)),
    evalsha: (sha, keys, ...parameters) => around(() => client.evalsha(sha, keys, ...parameters)),
  };
}
