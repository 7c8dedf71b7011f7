import { ErrLockStore } from '../../core/errors.js';
import { type DependencyOptions, withSystemDefaults } from '../../core/options/dependencies.js';
import type { Duration } from '../../core/options/duration.js';
import { refuseUnknown, text } from '../../core/options/validate.js';
import type { Beat, Claim, Outcome, Store, Stored } from '../../core/store.js';
import { checkLockName } from '../shared/lock-name.js';
import { columnsOf, storedFrom, workersText } from '../shared/lock-row.js';
import { refuseUncountable } from '../shared/refuse-uncountable.js';
import { readCommandTimeout } from '../shared/time-limit.js';
import { type Answer, readAnswer, textsOf } from './answer.js';
import { isCluster, type RedisClient, runnerOf, type Script } from './client.js';
import { BEAT, CLAIM, CONFIRM, NAMES, READ, REMOVE } from './scripts.js';
import { repeaterFor } from './send-repeatedly.js';

const DEFAULT_PREFIX = 'livinglock:';

/**
 * Options of a store in Redis. The clock and the processes are for tests. The clock ages no holder: the server's does, so test that with a file or
 * `memoryStore`.
 */
export interface RedisStoreOptions extends Pick<DependencyOptions, 'clock' | 'processes'> {
  /**
   * What the keys begin with; the lock's name follows. With a hash tag, such as `'{livinglock}:'`, all locks are in one slot of a cluster.
   *
   * Default: `'livinglock:'`.
   */
  readonly prefix?: string | undefined;
  /**
   * How long an operation may take, including retries after a lost connection or while the server is not ready. Then it
   * rejects with an `ErrLockStore` of the code `ETIMEDOUT`, or of Redis's own if that answers that it is not ready, such as `BUSY`; however long the
   * client itself would keep trying. `Infinity`: as long as the client keeps trying. A number below 1,000 is refused, because it is probably meant as
   * seconds.
   *
   * Default: `'30s'`.
   */
  readonly commandTimeout?: Duration | undefined;
}

/**
 * Keeps locks in Redis, one hash each, through a client that the user already has, of node-redis or of ioredis. Needs Redis 5 (2018)
 * or Valkey.
 *
 * Each operation is one script, so an acquire takes two round trips, a heartbeat and a release one each. Times are those of Redis. A lock in Redis
 * does not survive a server that forgets a confirmed change, because it writes to disk later or not at all, or because a replica took its place. Send
 * the fencing token with writes that must not happen twice.
 *
 * Errors of Redis and of the driver become an `ErrLockStore` with the same code, such as `READONLY`.
 *
 * @example
 * import { acquire } from 'livinglock';
 * import { redisStore } from 'livinglock/redis';
 * import { createClient } from 'redis';
 *
 * const client = await createClient({ url: 'redis://localhost' }).on('error', console.error).connect();
 * const store = redisStore(client);
 * const lock = await acquire('nightly-import', { store, staleTimeout: '2h' });
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): Store {
  refuseUnknown(options, ['prefix', 'commandTimeout', 'clock', 'processes']);
  const prefix = text('prefix', options.prefix) ?? DEFAULT_PREFIX;
  const limit = readCommandTimeout(options.commandTimeout);
  const { clock, processes } = withSystemDefaults(options);
  const send = runnerOf(client);
  const sendRepeatedly = repeaterFor(limit, clock, isCluster(client));
  /** The fencing tokens of claims made here, by their tokens. */
  const claimed = new Map<string, string>();
  return { resolve: checkLockName, read, claim, confirm, beat, remove, names };

  async function read(name: string): Promise<Stored | null> {
    const { row } = await run(name, 'read the lock', READ, []);
    return row === null ? null : storedFrom(row, processes);
  }

  async function claim(name: string, claim: Claim, over = ''): Promise<Outcome> {
    const attempted = over === '' ? 'create the lock' : 'take over the lock';
    const { owner, timeout, holder, details, workers } = columnsOf(claim);
    const fields = [owner, claim.token, timeout === null ? '' : String(timeout), holder, details, workers];
    const answer = await run(name, attempted, CLAIM, [over, ...fields]);
    const outcome = refuseUncountable(answer.outcome, name, attempted);
    if (outcome.done) claimed.set(claim.token, String(outcome.record.fencingToken));
    return outcome;
  }

  async function confirm(name: string, version: string): Promise<boolean> {
    const { outcome } = await run(name, 'confirm the lock', CONFIRM, [version]);
    return outcome.done;
  }

  async function beat(name: string, token: string, { workers, progress }: Beat): Promise<Outcome> {
    const fields = [
      workers === undefined ? '' : workersText(workers),
      progress === undefined ? '' : JSON.stringify(progress),
    ];
    const { outcome } = await run(name, 'write a heartbeat to the lock', BEAT, [token, ...fields]);
    return outcome;
  }

  async function remove(name: string, token: string, hold = 0): Promise<Outcome> {
    const holdText = hold > 0 ? String(hold) : '';
    const fencingToken = claimed.get(token) ?? '';
    const { outcome } = await run(name, 'release the lock', REMOVE, [token, holdText, fencingToken]);
    claimed.delete(token);
    return outcome;
  }

  /** Scans all keys of the server, a thousand at a time. */
  async function names(): Promise<readonly string[]> {
    const attempted = 'list the locks';
    const pattern = `${prefix}*`;
    if (isSpread(client, prefix)) {
      throw new ErrLockStore(
        pattern,
        'ERR_LOCK_IN_CLUSTER',
        `Cannot ${attempted} ${pattern}: they are spread over the nodes of a cluster. Name the locks, ` +
          'or choose a `prefix` with a hash tag, such as `{livinglock}:`.',
      );
    }
    const names = new Set<string>();
    let cursor = '0';
    do {
      const parameters = [cursor];
      const [next = '0', ...found] = await sendRepeatedly(pattern, attempted, async () =>
        textsOf(await send(NAMES, prefix, parameters)),
      );
      for (const name of found) names.add(name);
      cursor = next;
    } while (cursor !== '0');
    return [...names].sort();
  }

  function run(
    name: string,
    attempted: string,
    script: Script,
    parameters: readonly string[],
  ): Promise<Answer> {
    const key = prefix + name;
    return sendRepeatedly(name, attempted, async () =>
      readAnswer(await send(script, key, [name, ...parameters])),
    );
  }
}

/**
 * Whether the locks are on several servers. They are not if the prefix has a hash tag,
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags.
 */
function isSpread(client: RedisClient, prefix: string): boolean {
  return isCluster(client) && !/^[^{]*\{[^}]+\}/.test(prefix);
}
