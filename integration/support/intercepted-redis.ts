import type { RedisClient } from 'livinglock/redis';

/**
 * The same client, except that each of its commands is given to `around`, which runs it and gives its answer: earlier, later, or
 * another one.
 */
export function interceptedRedis(
  client: RedisClient,
  around: (run: () => Promise<unknown>) => Promise<unknown>,
): RedisClient {
  return 'evalSha' in client
    ? {
        eval: (script, options) => around(() => client.eval(script, options)),
        evalSha: (sha, options) => around(() => client.evalSha(sha, options)),
      }
    : {
        eval: (script, keys, ...parameters) => around(() => client.eval(script, keys, ...parameters)),
        evalsha: (sha, keys, ...parameters) => around(() => client.evalsha(sha, keys, ...parameters)),
      };
}
